"""Erase customers: plan, journal, replace, sweep, search, certificate."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.erasure import exports
from bankseg_assets.erasure.certificate import write_certificate
from bankseg_assets.erasure.customers import CustomerRows
from bankseg_assets.erasure.journal import Place, Plan, Staging, Step, carry_out, finish, unfinished
from bankseg_assets.erasure.leftovers import mask_logs, shorten_lists, sweep
from bankseg_assets.erasure.plan import Planner, keys_of_customers, landed_unknown
from bankseg_assets.erasure.retention_report import RETENTION_INTERRUPTED, certify_retention
from bankseg_assets.erasure.search import SHORTEST, Search
from bankseg_assets.landing.customer_rows import ID
from bankseg_assets.landing.ledger import Ledger
from bankseg_assets.privacy.audit import AUDIT_FOLDER, LIST_DOWNLOADED, AuditLog, Event, actor, note
from bankseg_assets.privacy.customer_ids import KnownIds, normalised
from bankseg_assets.privacy.tombstones import PRIVACY_FOLDER, Tombstones
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.run_lock import held_by_erasure

FORGET = "forget"
INTERRUPTED = "Not done: the erasure was interrupted. Run `bankseg forget` again"
KeysOf = Callable[[Path, Collection[str]], set[str]]
"""Returns the customer keys of the rows of IDs in a version of cleaned_transactions."""


def no_step(_: str) -> None:
    """Do nothing between steps."""


def ids_are_keys(_: Path, ids: Collection[str]) -> set[str]:
    """Return the IDs: the customer key is the customer ID."""
    return set(ids)


@dataclass(frozen=True)
class Erased:
    """The result of an erasure."""

    plan: Plan
    certificate: Path
    exports: dict[str, str] = field(default_factory=dict)
    remaining: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """The number of rows that were removed, of all files and versions."""
        return sum(place.rows for place in self.plan.places)


def forget(
    settings: Settings,
    contract: DeliveryContract,
    ids: Sequence[str],
    *,
    keys_of: KeysOf = ids_are_keys,
    why: str = "",
    urls: Sequence[str] = (),
    step: Step = no_step,
) -> Erased:
    """Erase customers from everything below the data folder and at known URLs; repeatable.

    An interrupted erasure is finished first. `keys_of`: for a customer key other than the ID.
    `urls`: copies of releases besides those that were recorded. Raises RunInProgressError,
    TombstoneError and OSError.
    """
    rule = contract.columns[ID]
    wanted = sorted({normalised(one, rule) for one in ids} - {""})
    with held_by_erasure(settings.published_dir):
        finish_interrupted(settings.data_dir, step)
        tombstones = Tombstones(settings.privacy_dir)
        step("tombstones")
        tombstones.add(wanted)  # first: what arrives from now on is compared with them
        step("sweep")
        sweep(settings)
        keys = keys_of_customers(settings, wanted, keys_of) | set(wanted)
        staging = Staging(settings.privacy_dir)
        step("plan")
        selection = CustomerRows(KnownIds(wanted), KnownIds(keys), contract)
        planner = Planner(settings, contract, staging, selection)
        planned = planner.plan()
        plan = Plan(
            who=actor(),
            why=tombstones.without_ids(why, wanted),
            started_at=_now(),
            references=tuple(tombstones.reference(one) for one in wanted),
            replacements=tuple(planned.replacements),
            remainders=tuple(planned.remainders),
            places=planned.places,
            downloads=_downloads(settings),
            urls=tuple(sorted({*exports.recorded_urls(settings.privacy_dir), *urls})),
            notes=(*planned.notes, *search_notes(keys)),
        )
        step("journal")
        staging.commit(plan)
        carry_out(settings.data_dir, settings.privacy_dir, plan, step)
        search = Search(keys, contract)
        step("logs")
        masked = Place(name="logs", files=mask_logs(settings, search))
        step("lists")
        others = [one for one in (masked, shorten_lists(settings, search)) if one.files]
        plan = plan.model_copy(update={"places": (*plan.places, *others)})
        step("exports")
        reached = exports.erase_all(
            plan.urls, settings.published_dir, planner.shortened, staging.path()
        )
        step("finish")
        finish(settings.privacy_dir)
        remaining = tuple(remains(settings, contract, sorted(keys)))
        step("certificate")
        page = _certify(settings.data_dir, plan, reached, remaining)
    return Erased(plan, page, reached, remaining)


def finish_interrupted(data_dir: Path, step: Step = no_step) -> bool:
    """Finish an erasure that was interrupted after its journal was written; return if so.

    Copies at URLs and logs are left to the next `forget` of the same customers, as the certificate
    says. The caller holds the lock.
    """
    privacy_dir = data_dir / PRIVACY_FOLDER
    plan = unfinished(privacy_dir)
    if plan is None:
        return False
    carry_out(data_dir, privacy_dir, plan, step)
    step("certificate of the interrupted erasure")
    _certify(data_dir, plan, dict.fromkeys(plan.urls, INTERRUPTED), [INTERRUPTED])
    step("finish")
    finish(privacy_dir)
    return True


def _certify(
    data_dir: Path, plan: Plan, reached: Mapping[str, str], remaining: Sequence[str]
) -> Path:
    """Write the certificate and the entries of the audit log; return the page."""
    if plan.is_retention:
        reached = dict.fromkeys(reached, RETENTION_INTERRUPTED)
        return certify_retention(data_dir, plan, finished_at=_now(), exports=reached)
    page = write_certificate(
        data_dir / PRIVACY_FOLDER,
        plan,
        finished_at=_now(),
        exports=reached,
        remaining=remaining,
    )
    for reference in plan.references:
        details = {"certificate": page.name}
        event = Event(FORGET, on=reference, why=plan.why, result="erased", details=details)
        note(data_dir / AUDIT_FOLDER, event)
    return page


def remains(settings: Settings, contract: DeliveryContract, ids: Sequence[str]) -> list[str]:
    """Return a line for each file below the data folder in which an ID is found."""
    search = Search(ids, contract)
    lines = [
        f"{hit.path.relative_to(settings.data_dir)}: found {hit.count:,} times"
        for hit in search.below(settings.data_dir)
    ]
    unknown = {
        path.relative_to(settings.data_dir).as_posix()
        for landing, ledger in (
            (settings.landing_dir, settings.ledger_path),
            (settings.holdings_dir, settings.holdings_ledger_path),
        )
        for path in landed_unknown(landing, Ledger(ledger) if ledger.exists() else None)
    }
    explained = (
        f"{line}. It was not ingested: remove it, or deliver it without the customer"
        if line.partition(": found")[0] in unknown
        else line
        for line in lines
    )
    # A file may be named by the customer; the certificate must not be.
    return [search.masked(line.encode()).decode() for line in explained]


def search_notes(ids: Iterable[str]) -> list[str]:
    """Return what a search for IDs does not cover, as sentences."""
    if all(len(one) >= SHORTEST for one in ids):
        return []
    return [
        f"IDs of fewer than {SHORTEST} characters were searched only in tables, and in lists with "
        "a column of IDs, but not in XLSX: in other bytes, such as logs, names of files and "
        "refused files, they occur by chance."
    ]


def _downloads(settings: Settings) -> int:
    return sum(one["what"] == LIST_DOWNLOADED for one in AuditLog(settings.audit_dir).entries())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
