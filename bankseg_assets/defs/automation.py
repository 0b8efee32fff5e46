"""Sensors for new content, cleaned data and stale models; see also `alerts` and `jobs`.

A new file of holdings starts the product recommendations only.
"""

import os
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from bankseg_assets.contracts.delivery import ContractError
from bankseg_assets.defs.alerts import ALERTS
from bankseg_assets.defs.assets.ingestion.cleaned_transactions import CONTENT_HASH_KEY, CONTRACT_KEY
from bankseg_assets.defs.assets.ingestion.folders import HOLDINGS_FOLDER, LANDING_FOLDER
from bankseg_assets.defs.check_state import CheckState, blocking_keys, check_state
from bankseg_assets.defs.checks.core import ALL_CHECKS
from bankseg_assets.defs.folders import observation
from bankseg_assets.defs.jobs import (
    BATCH,
    FULL_BATCHES,
    INGESTED,
    comparison,
    force_release,
    ingestion,
    recommendations,
    refit,
    refresh,
    retention,
)
from bankseg_assets.defs.resources import (
    DeliveryResource,
    HoldingsResource,
    PublishedResource,
)
from bankseg_assets.defs.tags import REFIT_TAG
from bankseg_assets.erasure.plan import is_outdated
from bankseg_assets.landing.landed_content import content_seen, landed_content
from bankseg_assets.landing.ledger import WITHDRAWN, Delivery, content_hash, current_content
from bankseg_assets.products.current_delivery import holdings_in_use
from bankseg_assets.release.gates import Verdict
from bankseg_assets.release.refit import REFIT_GATE
from bankseg_assets.release.releases import current_release
from bankseg_assets.runtime.settings import STARTED_AT
from bankseg_assets.storage.version_store import VersionStore, version_basis

LOOK_EVERY_SECONDS = 5  # people wait for a file they delivered; Dagster looks at most this often
HOLDINGS_EVERY_SECONDS = 15  # products are recommended again, no segment waits; a look takes 30 ms
# No one waits for these: a crash and a model that aged are rare.
RECOVER_EVERY_SECONDS = 30
REFIT_EVERY_SECONDS = 60
# Dagster ends a sensor after 60 seconds; a network disk of 20 MB a second reads this in 26.
HASHED_AT_A_LOOK = 512 << 20
QUICK_ATTEMPTS = 3
LATER_ATTEMPTS_SECONDS = 3600.0  # retried without end: the cause of three failures may be temporary
CONTENT_TAG = "bankseg/content"
CONTENT_DIGITS = 12  # of a hash, in the UI's list of runs; Git shows as many
HOLDINGS_TAG = "bankseg/holdings"
CLEANED_TAG = "bankseg/cleaned_by"
# The sensors retry their runs themselves; Dagster's own retries would start a second one.
_NO_OTHER_RETRY = {"dagster/max_retries": "0"}
RETRY_SECONDS = 60.0  # Dagster checks every 5 s for runs to retry
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_FULL = {job.name for job in FULL_BATCHES}
_CLEANED = dg.AssetKey("cleaned_transactions")
_CUSTOMERS = dg.AssetKey("customer_segments")
_HOLDINGS = dg.AssetKey("product_holdings")
_NOTHING = content_hash([])

# Assets that must be materialized from new data before a release: a classifier is not enough.
_RELEASE_CHAIN = dg.AssetSelection.assets("release").upstream() & (
    dg.AssetSelection.assets("cleaned_transactions").downstream(include_self=False)
)


@dg.sensor(
    job=refresh,
    minimum_interval_seconds=LOOK_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts the job refresh when files arrive in the landing folder; also after a "
    "withdrawal, an erasure, the removal of old rows or a change of the contract. Retries a failed "
    "run.",
)
def landing_sensor(
    context: dg.SensorEvaluationContext, delivery: DeliveryResource, published: PublishedResource
) -> dg.SensorResult:
    """Start a run when cleaned_transactions is out of date with the landing folder or contract.

    This covers new files, files that were withdrawn or restored, files that another contract
    rejected, rows that were erased or removed for their age, and cleaned data whose checks did not
    run. Content that was ingested before is
    ignored, whatever its file name, and a file that is still being written is left until it is
    complete. The run key includes the attempt, because Dagster never repeats a run key, even of a
    failed run.
    """
    return _evaluate_folder(
        context,
        delivery,
        counting=current_content,
        folder=LANDING_FOLDER.key,
        table=_CLEANED,
        not_taking=(comparison.name, force_release.name, recommendations.name, retention.name),
        tag=CONTENT_TAG,
        shortened=_shortened(published.store),
    )


def _shortened(store: VersionStore) -> str:
    """Return the name of the newest cleaned data, if rows were removed from it; else empty."""
    versions = store.versions("cleaned_transactions")
    return versions[-1].name if versions and is_outdated(version_basis(versions[-1])) else ""


@dg.sensor(
    job=recommendations,
    minimum_interval_seconds=HOLDINGS_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts the job recommendations when files of product holdings arrive.",
)
def holdings_sensor(
    context: dg.SensorEvaluationContext, delivery: DeliveryResource, holdings: HoldingsResource
) -> dg.SensorResult | dg.SkipReason:
    """Start a run when product_holdings is out of date with the holdings folder.

    Waits for incomplete files and retries as landing_sensor does. Skipped until the first batch
    has created customers; that batch ingests holdings too.
    """
    if context.instance.get_latest_materialization_event(_CUSTOMERS) is None:
        return dg.SkipReason("There are no customers yet; the first batch also ingests holdings.")

    def counting(known: Iterable[Delivery]) -> list[Delivery]:
        used = holdings_in_use(known, delivery.ledger.deliveries())
        return [used] if used else []

    return _evaluate_folder(
        context,
        holdings,
        counting=counting,
        folder=HOLDINGS_FOLDER.key,
        table=_HOLDINGS,
        not_taking=(comparison.name, force_release.name, ingestion.name, retention.name),
        tag=HOLDINGS_TAG,
    )


@dg.sensor(
    job=refresh,
    minimum_interval_seconds=RECOVER_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts the job refresh from cleaned data whose checks passed but that no model "
    "was made from, such as after a crash.",
)
def cleaned_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Build models and a release from the newest cleaned data once its blocking checks passed.

    Retries as landing_sensor does.
    """
    cleaned = context.instance.get_latest_materialization_event(_CLEANED)
    if cleaned is None:
        return dg.SkipReason("There is no cleaned data yet.")
    chain = _resolved(context, _RELEASE_CHAIN)
    if _models_are_made(context, cleaned, chain):
        return dg.SkipReason("The models are up to date with the newest cleaned data.")
    if any(_makes_models(run, chain) for run in _unfinished_runs(context)):
        return dg.SkipReason("A run that builds the models is in progress.")
    state = _checked(context, _CLEANED, cleaned)
    if not state.passed:
        return dg.SkipReason(_why_unchecked(state))
    reason, attempt = _next_attempt(context, CLEANED_TAG, cleaned.run_id, cleaned.run_id)
    if reason:
        return dg.SkipReason(reason)
    tags = {CLEANED_TAG: cleaned.run_id, **_NO_OTHER_RETRY}
    return dg.RunRequest(
        run_key=f"{cleaned.run_id}-{attempt}",
        tags=tags,
        # Not cleaned again: attempts are counted by the run that cleaned the data.
        asset_selection=sorted(_resolved(context, BATCH - INGESTED)),
    )


@dg.sensor(
    job=refit,
    minimum_interval_seconds=REFIT_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts the job refit when the check model_suits_todays_customers warns.",
)
def refit_sensor(
    context: dg.SensorEvaluationContext, published: PublishedResource
) -> dg.RunRequest | dg.SkipReason:
    """Start a run that refits the models when those in use no longer suit the customers.

    The release's gate `model_suits_todays_customers` says so. A model is refitted once: if the
    gates refuse the new one, the next automatic attempt is that of the monthly schedule.
    """
    release = current_release(published.store.folder)
    if release is None:
        return dg.SkipReason("There is no release yet.")
    advised = [gate for gate in release.gates if gate.name == REFIT_GATE]
    if all(gate.verdict == Verdict.PASSED.value for gate in advised):
        return dg.SkipReason("The models in use suit the customers.")
    if any(run.job_name in _FULL for run in _unfinished_runs(context)):
        return dg.SkipReason("A run that makes a release is in progress.")
    model = release.fit.version
    attempts = context.instance.get_run_records(dg.RunsFilter(tags={REFIT_TAG: model}))
    if any(one.dagster_run.status == dg.DagsterRunStatus.SUCCESS for one in attempts):
        return dg.SkipReason("The models were refitted, and the new ones were not released.")
    reason, attempt = _next_attempt(context, REFIT_TAG, model)
    if reason:
        return dg.SkipReason(reason)
    tags = {REFIT_TAG: model, **_NO_OTHER_RETRY}
    return dg.RunRequest(run_key=f"refit-{model}-{attempt}", tags=tags)


SENSORS = [landing_sensor, holdings_sensor, cleaned_sensor, refit_sensor, *ALERTS]


def _evaluate_folder(
    context: dg.SensorEvaluationContext,
    delivery: DeliveryResource,
    *,
    counting: Callable[[Iterable[Delivery]], list[Delivery]],
    folder: dg.AssetKey,
    table: dg.AssetKey,
    not_taking: tuple[str, ...],
    tag: str,
    shortened: str = "",
) -> dg.SensorResult:
    """Start a run when a folder contains content that is not in a table, and observe the folder.

    `counting`: which deliveries make up the table. `not_taking`: jobs that do not ingest files.
    `shortened`: the version of the table from which rows were removed since.
    The cursor is the state that was observed last.
    """
    landed = landed_content(Path(delivery.landing_dir), delivery.ledger, at_most=HASHED_AT_A_LOOK)
    waiting = f" Waiting for {', '.join(landed.waiting)}." if landed.waiting else ""
    try:
        contract = delivery.contract.fingerprint
    except ContractError as error:
        reason = f"{error} No file is ingested until it is corrected."
        return dg.SensorResult(skip_reason=reason + waiting, cursor=context.cursor)
    known = delivery.ledger.deliveries()
    found = observation(Path(delivery.landing_dir), landed, known, contract)
    events = [found.event(folder)] if found.state != context.cursor else []
    reason, seen, attempt = _decide(
        *(context, delivery.landing_dir, contract, known, landed.sha256s),
        *(counting, table, not_taking, tag, shortened),
    )
    if reason:
        return dg.SensorResult(
            skip_reason=reason + waiting, cursor=found.state, asset_events=events
        )
    request = dg.RunRequest(run_key=f"{seen}-{attempt}", tags={tag: seen, **_NO_OTHER_RETRY})
    return dg.SensorResult(run_requests=[request], cursor=found.state, asset_events=events)


def _decide(
    context: dg.SensorEvaluationContext,
    landing_dir: str,
    contract: str,
    deliveries: Iterable[Delivery],
    landed: Collection[str],
    counting: Callable[[Iterable[Delivery]], list[Delivery]],
    table: dg.AssetKey,
    not_taking: tuple[str, ...],
    tag: str,
    shortened: str,
) -> tuple[str, str, int]:
    """Return the reason to skip (empty: start a run), the content seen, and the attempt."""
    known = {d.sha256: d for d in deliveries}
    # Content rejected under another contract is tried once; the ledger then names this one.
    rejected = {d.sha256 for d in known.values() if d.status == "rejected"}
    again = {sha for sha in rejected.intersection(landed) if known[sha].contract != contract}
    withdrawn = any(d.status == WITHDRAWN for d in known.values())
    fresh = (set(landed) - known.keys()) | again
    wanted = content_hash([*(d.sha256 for d in counting(known.values())), *fresh])
    published = _published(context, table)
    other_contract = bool(published and published.contract and published.contract != contract)
    if not fresh:
        if wanted == _NOTHING and not (table == _HOLDINGS and withdrawn and published):
            return f"Nothing new in {landing_dir}.", "", 0
        if published and published.content == wanted and not other_contract and not shortened:
            note = "" if published.state.passed else f" {_why_unchecked(published.state)}"
            if not published.state.pending:
                return f"Nothing new in {landing_dir}.{note}", "", 0
    if any(run.job_name not in not_taking for run in _unfinished_runs(context)):
        return "A run that ingests the landed files is in progress.", "", 0
    # Attempts are counted for all content ever seen. Those for the wanted content were six, because
    # it changes when the bank's first file replaces the demo data. A withdrawal, a removal of
    # rows or another contract starts a new count.
    changes = [contract] if again or other_contract else []
    changes += [f"shortened {shortened}"] if shortened else []
    seen = content_hash([*content_seen(known.values(), landed), *changes])[:CONTENT_DIGITS]
    reason, attempt = _next_attempt(context, tag, seen)
    return reason, seen, attempt


@dataclass(frozen=True)
class _Published:
    """The content of a table's newest version, and the state of its blocking checks."""

    content: str
    contract: str
    state: CheckState


def _published(context: dg.SensorEvaluationContext, asset: dg.AssetKey) -> _Published | None:
    """Return what the newest materialization of a table recorded; None if there is none."""
    event = context.instance.get_latest_materialization_event(asset)
    if event is None or event.asset_materialization is None:
        return None
    found = event.asset_materialization.metadata
    content, contract = (
        str(found[key].value) if key in found else "" for key in (CONTENT_HASH_KEY, CONTRACT_KEY)
    )
    return _Published(content, contract, _checked(context, asset, event))


def _checked(
    context: dg.SensorEvaluationContext, asset: dg.AssetKey, event: dg.EventLogEntry
) -> CheckState:
    return check_state(context.instance, event, blocking_keys(ALL_CHECKS, asset))


def _why_unchecked(state: CheckState) -> str:
    if state.failed:
        return (
            f"The newest data did not pass its checks: {' '.join(state.failed)} No model is built "
            "from it. It is cleaned again when a file is delivered or withdrawn, when the contract "
            "changes, or by hand with `make materialize`."
        )
    return (
        f"The checks {', '.join(state.pending)} of the newest data have no result yet. Models are "
        "built once they pass. If the run of the checks was stopped, materialize the data again."
    )


def _unfinished_runs(context: dg.SensorEvaluationContext) -> list[dg.DagsterRun]:
    """Return the unfinished runs, and those that Dagster is about to retry."""
    to_be_retried = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.FAILURE],
        tags={"dagster/will_retry": "true"},
        updated_after=datetime.fromtimestamp(time.time() - RETRY_SECONDS, UTC),
    )
    return [
        *context.instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED)),
        *(
            run
            for run in context.instance.get_runs(to_be_retried)
            if "dagster/auto_retry_run_id" not in run.tags
        ),
    ]


def _next_attempt(
    context: dg.SensorEvaluationContext, tag: str, value: str, first: str = ""
) -> tuple[str, int]:
    """Return why the next attempt is not due yet (empty if it is), and its number.

    The first three since the platform's start follow immediately, after failures as well as kills;
    then there is one per hour. Operators restart the platform after they fixed a cause. After a run
    that a person cancelled there is an hour, too: the sensor would start it again in seconds.
    `first`: the run that began the work, which may have no such tag.
    """
    before = context.instance.get_run_records(dg.RunsFilter(tags={tag: value}))
    recent = _since_start(before)
    others = context.instance.get_run_records(dg.RunsFilter(run_ids=[first])) if first else ()
    newest = max([*recent, *_since_start(others)], key=_updated, default=None)
    if newest and newest.dagster_run.status is dg.DagsterRunStatus.CANCELED:
        why = "The last run for this content was cancelled."
    elif newest and len(recent) >= QUICK_ATTEMPTS:
        why = f"{len(recent)} runs for this content did not succeed. See their logs."
    else:
        return "", len(before) + 1
    minutes = (_updated(newest) + LATER_ATTEMPTS_SECONDS - time.time()) / 60
    if minutes <= 0:
        return "", len(before) + 1
    return (
        f"{why} The next attempt is in {minutes:.0f} minutes; or materialize by hand once the "
        "cause is fixed.",
        0,
    )


def _since_start(records: Iterable[dg.RunRecord]) -> list[dg.RunRecord]:
    """Return the runs since the platform's start."""
    started = float(os.environ.get(STARTED_AT) or 0)
    return [
        record
        for record in records
        if record.create_timestamp.replace(tzinfo=UTC).timestamp() >= started
    ]


def _updated(record: dg.RunRecord) -> float:
    return record.update_timestamp.replace(tzinfo=UTC).timestamp()


def _models_are_made(
    context: dg.SensorEvaluationContext, cleaned: dg.EventLogEntry, chain: frozenset[dg.AssetKey]
) -> bool:
    """Return whether the run that cleaned this data, or a later one, built the models."""
    since = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.SUCCESS],
        updated_after=datetime.fromtimestamp(cleaned.timestamp, UTC),
    )
    return any(
        _makes_models(record.dagster_run, chain)
        and (
            record.dagster_run.run_id == cleaned.run_id
            or (record.start_time or 0.0) > cleaned.timestamp
        )
        for record in context.instance.get_run_records(since)
    )


def _makes_models(run: dg.DagsterRun, chain: frozenset[dg.AssetKey]) -> bool:
    """Return whether a run materializes the release and everything that it needs."""
    if run.asset_selection:  # a subset of a job, or a selection in the UI
        return chain <= run.asset_selection
    return run.job_name in _FULL


def _resolved(
    context: dg.SensorEvaluationContext, selection: dg.AssetSelection
) -> frozenset[dg.AssetKey]:
    assert context.repository_def is not None  # Dagster sets it for every sensor
    return frozenset(selection.resolve(context.repository_def.asset_graph))
