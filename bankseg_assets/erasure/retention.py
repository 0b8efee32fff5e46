"""Remove what is older than its limit: rows, versions, logs and entries of the audit log.

Rows leave as those of an erased customer do: originals keep their identity, so that the same file
delivered again is known, and a journal makes it safe to stop at any point.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.erasure import exports
from bankseg_assets.erasure.aged_rows import AgedRows
from bankseg_assets.erasure.forget import finish_interrupted, no_step
from bankseg_assets.erasure.journal import Place, Plan, Staging, Step, carry_out, finish
from bankseg_assets.erasure.leftovers import sweep
from bankseg_assets.erasure.limits import RETENTION_FILE, Limits, removed_before, time_before
from bankseg_assets.erasure.old_files import (
    old_campaigns,
    old_logs,
    old_objections,
    old_versions,
)
from bankseg_assets.erasure.old_rows import (
    FindOld,
    finding,
    known_deliveries,
    leaves_any,
    old_rows,
    select_old,
)
from bankseg_assets.erasure.plan import Planned, Planner
from bankseg_assets.erasure.retention_report import certify_retention
from bankseg_assets.landing.archive import RECORDS_FILE
from bankseg_assets.landing.ledger import Delivery
from bankseg_assets.privacy.audit import AuditLog, actor
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.documents import write_json
from bankseg_assets.storage.run_lock import held_by_erasure
from bankseg_assets.storage.version_store import VersionStore

AUDIT_LOG = "audit log"
NONE_LEFT = (
    "All transactions are before {first}. None was removed, because there would be no customer "
    "left. Check BANKSEG_RETAIN_TRANSACTIONS_MONTHS, or deliver newer files."
)


@dataclass(frozen=True)
class Retained:
    """What was removed, or would be."""

    kept_from: date | None
    places: tuple[Place, ...]
    notes: tuple[str, ...] = ()
    exports: Mapping[str, str] = field(default_factory=dict)
    report: Path | None = None

    @property
    def rows(self) -> int:
        """The number of rows of data, of all files and versions."""
        return sum(place.rows for place in self.places if place.name != AUDIT_LOG)


def retain(
    settings: Settings,
    contract: DeliveryContract,
    limits: Limits,
    find_old: FindOld,
    *,
    now: datetime | None = None,
    dry_run: bool = False,
    why: str = "",
    step: Step = no_step,
) -> Retained:
    """Remove what is older than the limits; repeatable. `dry_run`: only count it.

    An interrupted removal is finished first. Raises RunInProgressError and OSError.
    """
    now = now or datetime.now(UTC)
    with ExitStack() as stack:
        stack.enter_context(held_by_erasure(settings.published_dir))
        if not dry_run:
            finish_interrupted(settings.data_dir, step)
            step("sweep")
            sweep(settings)
        folder = stack.enter_context(finding(settings))
        step("find")
        first = limits.first_day(now.date())
        selection = select_old(settings, limits, find_old, first, now, folder)
        notes = []
        if first and not leaves_any(selection, settings):
            notes = [NONE_LEFT.format(first=first)]
            first = None
            selection = select_old(settings, limits, find_old, first, now, folder)
        plan = Plan(
            is_retention=True,
            kept_from=first.isoformat() if first else "",
            who=actor(),
            why=why,
            started_at=now.isoformat(timespec="milliseconds"),
            notes=tuple(notes),
        )
        removing = _Removing(settings, contract, limits, now, step)
        if dry_run:
            places = (*removing.count_rows(selection), *removing.others(dry_run=True))
            return Retained(first, places, plan.notes)
        plan, reached = removing.remove_rows(plan, selection)
        others = removing.others(dry_run=False)
        step("report")
        page = certify_retention(
            *(settings.data_dir, plan),
            finished_at=_now(),
            exports=reached,
            others=others,
        )
        return Retained(first, (*plan.places, *others), plan.notes, reached, page)


def remove_arrived(
    settings: Settings,
    contract: DeliveryContract,
    first: date,
    deliveries: Sequence[Delivery],
    find_old: FindOld,
) -> int:
    """Remove the rows before a day from deliveries that no version has yet; return how many.

    For a run, which holds the lock beside other runs: no erasure is in progress.
    """
    with finding(settings) as folder:
        selection = AgedRows(old_rows(settings, deliveries, find_old, first, folder), {})
        staging = Staging(settings.privacy_dir)
        planned = Planner(settings, contract, staging, selection).plan_deliveries()
    plan = _planned(Plan(is_retention=True, who=actor(), started_at=_now()), planned)
    staging.commit(plan)
    carry_out(settings.data_dir, settings.privacy_dir, plan, no_step)
    finish(settings.privacy_dir)
    return sum(place.rows for place in plan.places)


class _Removing:
    """Counts and removes what is older than its limit."""

    def __init__(
        self,
        settings: Settings,
        contract: DeliveryContract,
        limits: Limits,
        now: datetime,
        step: Step,
    ) -> None:
        self._settings = settings
        self._contract = contract
        self._limits = limits
        self._now = now
        self._step = step

    def count_rows(self, selection: AgedRows) -> list[Place]:
        """Return the rows of originals that would be removed."""
        found = []
        for place, ledger, raw_dir, contract in (
            ("raw", self._settings.ledger_path, self._settings.raw_dir, self._contract),
            (
                *("raw_holdings", self._settings.holdings_ledger_path),
                *(self._settings.raw_holdings_dir, self._contract.of_holdings()),
            ),
        ):
            counts = [
                len(selection.numbers(raw_dir / one.sha256, one, contract))
                for one in known_deliveries(ledger)
                if (raw_dir / one.sha256 / RECORDS_FILE).exists()
            ]
            if sum(counts):
                found.append(Place(name=place, files=sum(map(bool, counts)), rows=sum(counts)))
        return found

    def remove_rows(self, plan: Plan, selection: AgedRows) -> tuple[Plan, Mapping[str, str]]:
        """Remove the rows; return the plan with what it changed, and what was done at URLs."""
        settings, step = self._settings, self._step
        staging = Staging(settings.privacy_dir)
        step("plan")
        planner = Planner(settings, self._contract, staging, selection)
        plan = _planned(plan, planner.plan())
        if plan.kept_from:
            record = staging.path()
            earlier = removed_before(settings.privacy_dir)
            last = max(plan.kept_from, earlier.isoformat() if earlier else "")
            write_json(record, {"kept_from": plan.kept_from, "removed_before": last})
            target = settings.privacy_dir / RETENTION_FILE
            one = staging.replacement(settings.data_dir, target, record)
            plan = plan.model_copy(update={"replacements": (*plan.replacements, one)})
        urls = exports.recorded_urls(settings.privacy_dir)
        plan = plan.model_copy(update={"urls": tuple(urls)})
        step("journal")
        staging.commit(plan)
        carry_out(settings.data_dir, settings.privacy_dir, plan, step)
        step("exports")
        reached = exports.erase_all(urls, settings.published_dir, planner.shortened, staging.path())
        step("finish")
        finish(settings.privacy_dir)
        return plan, reached

    def others(self, *, dry_run: bool) -> list[Place]:
        """Count, and remove unless `dry_run`, old versions, files and entries of the audit log."""
        settings, limits, found = self._settings, self._limits, []
        store = VersionStore(settings.published_dir)
        if before := time_before(self._now, days=limits.versions_days):
            self._step("versions")
            versions = old_versions(store, before)
            if versions:
                found.append(_place("versions", len(versions), f"{limits.versions_days} days"))
            if not dry_run:
                store.remove(versions)
        for name, days, files_before in (
            ("logs", limits.logs_days, old_logs),
            ("objections", limits.unused_days, old_objections),
        ):
            if before := time_before(self._now, days=days):
                self._step(name)
                files = files_before(settings, before)
                found += _removed(name, files, f"{days} days", dry_run=dry_run)
        if first := limits.first_day(self._now.date()):
            self._step("campaigns")
            files, limit = old_campaigns(settings, first), f"{limits.transactions_months} months"
            found += _removed("customers of campaigns", files, limit, dry_run=dry_run)
        if before := time_before(self._now, months=limits.audit_months):
            self._step("audit")
            log = AuditLog(settings.audit_dir)
            count = log.older_than(before)[2] if dry_run else log.shorten(before)
            if count:
                limit = f"{limits.audit_months} months"
                found.append(Place(name=AUDIT_LOG, rows=count, note=limit))
        return found


def _planned(plan: Plan, planned: Planned) -> Plan:
    return plan.model_copy(
        update={
            "replacements": tuple(planned.replacements),
            "remainders": tuple(planned.remainders),
            "places": planned.places,
            "notes": (*plan.notes, *planned.notes),
        }
    )


def _removed(name: str, files: Sequence[Path], limit: str, *, dry_run: bool) -> list[Place]:
    """Remove files unless `dry_run`; return their place, if there are any."""
    for path in [] if dry_run else files:
        path.unlink(missing_ok=True)
    return [_place(name, len(files), limit)] if files else []


def _place(name: str, files: int, limit: str) -> Place:
    return Place(name=name, files=files, note=limit)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
