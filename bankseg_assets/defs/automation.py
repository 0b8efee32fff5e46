"""Jobs, sensors and schedules for new content, cleaned data and stale models; see also `alerts`.

A new file of holdings starts the product recommendations only.
"""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from bankseg_assets.contracts.delivery import ContractError
from bankseg_assets.defs.alerts import ALERTS
from bankseg_assets.defs.assets.ingestion.cleaned_transactions import CONTENT_HASH_KEY, CONTRACT_KEY
from bankseg_assets.defs.check_state import CheckState, blocking_keys, check_state
from bankseg_assets.defs.checks.core import ALL_CHECKS
from bankseg_assets.defs.resources import (
    DeliveryResource,
    HoldingsResource,
    PublishedResource,
)
from bankseg_assets.defs.tags import REFIT_TAG
from bankseg_assets.erasure.limits import limits_of
from bankseg_assets.erasure.plan import is_outdated
from bankseg_assets.landing.archive import sha256_of
from bankseg_assets.landing.files import list_landing
from bankseg_assets.landing.ledger import WITHDRAWN, Delivery, content_hash, current_content
from bankseg_assets.products.current_delivery import holdings_in_use
from bankseg_assets.release.gates import Verdict
from bankseg_assets.release.refit import REFIT_GATE
from bankseg_assets.release.releases import current_release
from bankseg_assets.runtime.settings import STARTED_AT, load_settings
from bankseg_assets.storage.version_store import VersionStore, version_basis

LOOK_EVERY_SECONDS = 5  # people wait for a file they delivered; Dagster looks at most this often
# No one waits for these: a crash and a model that aged are rare.
RECOVER_EVERY_SECONDS = 30
REFIT_EVERY_SECONDS = 60
# Dagster ends a sensor after 60 seconds; a network disk of 20 MB a second reads this in 26.
HASHED_AT_A_LOOK = 512 << 20
QUICK_ATTEMPTS = 3
LATER_ATTEMPTS_SECONDS = 3600.0  # retried without end: the cause of three failures may be temporary
CONTENT_TAG = "bankseg/content"
HOLDINGS_TAG = "bankseg/holdings"
CLEANED_TAG = "bankseg/cleaned_by"
# The sensors retry their runs themselves; Dagster's own retries would start a second one.
_NO_OTHER_RETRY = {"dagster/max_retries": "0"}
# A retry recomputes everything: versions made by two runs do not belong together.
_WHOLE = {"dagster/retry_strategy": "ALL_STEPS"}
RETRY_SECONDS = 60.0  # Dagster checks every 5 s for runs to retry
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_INGESTION = dg.AssetSelection.groups("ingestion")
_CLEANED = dg.AssetKey("cleaned_transactions")
_CUSTOMERS = dg.AssetKey("customer_segments")
_HOLDINGS = dg.AssetKey("product_holdings")
_NOTHING = content_hash([])

# Assets that must be materialized from new data before a release: a classifier is not enough.
_RELEASE_CHAIN = dg.AssetSelection.assets("release").upstream() & (
    dg.AssetSelection.assets("cleaned_transactions").downstream(include_self=False)
)
_STUDY = dg.AssetSelection.assets("segmentation_comparison")
_RETENTION = dg.AssetSelection.assets("retention_report")
_ALL = dg.AssetSelection.all() - _STUDY - _RETENTION
_KEEPING = ("pca_model", "kmeans_model", "nb_classifier", "recommend_products")
refresh = dg.define_asset_job(
    "refresh",
    _ALL,
    description="From the landing folder to a release, with the models of the release in use: new "
    "data are scored, not refitted. Without models that suit the data, it fits them.",
    tags=_WHOLE,
    config={"ops": {name: {"config": {"keep": True}} for name in _KEEPING}},
)
refit = dg.define_asset_job(
    "refit",
    _ALL,
    description="From the landing folder to a release, with models fitted on all customers.",
    tags=_WHOLE,
)
ingestion = dg.define_asset_job(
    "ingestion",
    _INGESTION,
    description="Ingest landed files and clean them, without a release.",
    tags=_WHOLE,
)
comparison = dg.define_asset_job(
    "comparison", _STUDY, description="k-means compared with alternatives; takes minutes."
)
recommendations = dg.define_asset_job(
    "recommendations",
    dg.AssetSelection.assets(
        *("product_holdings", "quarantined_holdings"),
        *("recommendation_model", "product_recommendations", "release"),
    ),
    description="Ingest the holdings folder and recommend products.",
    tags=_WHOLE,
)
retention = dg.define_asset_job(
    "retention",
    _RETENTION,
    description="Remove what is older than the limits of the settings; with `dry_run`, count it.",
)
JOBS = [refresh, refit, ingestion, recommendations, comparison, retention]
# Knowing a better algorithm is useful, but not worth a minute per batch.
comparison_schedule = dg.ScheduleDefinition(
    job=comparison,
    cron_schedule="0 3 * * 0",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Compares k-means with other algorithms every Sunday at 03:00 UTC.",
)


@dg.schedule(
    job=refit,
    cron_schedule="0 4 1 * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Fits the models again on the first day of every month at 04:00 UTC, once there is "
    "a release.",
)
def refit_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Refit the models every month, so that segments do not become stale."""
    if current_release(load_settings().published_dir) is None:
        return dg.SkipReason("There is no release yet; the first one fits the models.")
    return dg.RunRequest()


@dg.schedule(
    job=retention,
    cron_schedule="0 2 1 * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Removes what is older than its limit on the first day of every month at 02:00 "
    "UTC, if the settings have a limit.",
)
def retention_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Remove old data every month, before the models are refitted."""
    if not limits_of(load_settings()).any:
        return dg.SkipReason("The settings have no limit: everything is kept.")
    return dg.RunRequest()


SCHEDULES = [comparison_schedule, refit_schedule, retention_schedule]


@dg.sensor(
    job=refresh,
    minimum_interval_seconds=LOOK_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts `refresh` when files arrive in the landing folder; also after a "
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
        table=_CLEANED,
        not_taking=(comparison.name, recommendations.name, retention.name),
        tag=CONTENT_TAG,
        shortened=_shortened(published.store),
    )


def _shortened(store: VersionStore) -> str:
    """Return the name of the newest cleaned data, if rows were removed from it; else empty."""
    versions = store.versions("cleaned_transactions")
    return versions[-1].name if versions and is_outdated(version_basis(versions[-1])) else ""


@dg.sensor(
    job=recommendations,
    minimum_interval_seconds=LOOK_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts `recommendations` when files of product holdings arrive.",
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
        table=_HOLDINGS,
        not_taking=(ingestion.name, comparison.name, retention.name),
        tag=HOLDINGS_TAG,
    )


@dg.sensor(
    job=refresh,
    minimum_interval_seconds=RECOVER_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts `refresh` from cleaned data whose checks passed but that no model was made "
    "from, such as after a crash.",
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
    reason, attempt = _next_attempt(context, CLEANED_TAG, cleaned.run_id)
    if reason:
        return dg.SkipReason(reason)
    tags = {CLEANED_TAG: cleaned.run_id, **_NO_OTHER_RETRY}
    return dg.RunRequest(
        run_key=f"{cleaned.run_id}-{attempt}",
        tags=tags,
        # Not cleaned again: attempts are counted by the run that cleaned the data.
        asset_selection=sorted(_resolved(context, _ALL - _INGESTION)),
    )


@dg.sensor(
    job=refit,
    minimum_interval_seconds=REFIT_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts `refit` when the check `model_suits_todays_customers` warns.",
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
    if any(run.job_name in (refresh.name, refit.name) for run in _unfinished_runs(context)):
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
    table: dg.AssetKey,
    not_taking: tuple[str, ...],
    tag: str,
    shortened: str = "",
) -> dg.SensorResult:
    """Start a run when a folder contains content that is not in a table.

    `counting`: which deliveries make up the table. `not_taking`: jobs that do not ingest files.
    `shortened`: the version of the table from which rows were removed since.
    """
    landed, waiting = _landed_hashes(delivery)
    reason, seen, attempt = _decide(
        context, delivery, landed, counting, table, not_taking, tag, shortened
    )
    if reason:
        return dg.SensorResult(skip_reason=reason + waiting)
    request = dg.RunRequest(run_key=f"{seen}-{attempt}", tags={tag: seen, **_NO_OTHER_RETRY})
    return dg.SensorResult(run_requests=[request])


def _decide(
    context: dg.SensorEvaluationContext,
    delivery: DeliveryResource,
    landed: set[str],
    counting: Callable[[Iterable[Delivery]], list[Delivery]],
    table: dg.AssetKey,
    not_taking: tuple[str, ...],
    tag: str,
    shortened: str,
) -> tuple[str, str, int]:
    """Return the reason to skip (empty: start a run), the content seen, and the attempt."""
    try:
        contract = delivery.contract.fingerprint
    except ContractError as error:
        return f"{error} No file is ingested until it is corrected.", "", 0
    known = {d.sha256: d for d in delivery.ledger.deliveries()}
    # Content rejected under another contract is tried once; the ledger then names this one.
    rejected = {d.sha256 for d in known.values() if d.status == "rejected"}
    again = {sha for sha in landed & rejected if known[sha].contract != contract}
    withdrawn = {d.sha256 for d in known.values() if d.status == WITHDRAWN}
    fresh = (landed - known.keys()) | again
    wanted = content_hash([*(d.sha256 for d in counting(known.values())), *fresh])
    published = _published(context, table)
    other_contract = bool(published and published.contract and published.contract != contract)
    if not fresh:
        if wanted == _NOTHING and not (table == _HOLDINGS and withdrawn and published):
            return f"Nothing new in {delivery.landing_dir}.", "", 0
        if published and published.content == wanted and not other_contract and not shortened:
            note = "" if published.state.passed else f" {_why_unchecked(published.state)}"
            if not published.state.pending:
                return f"Nothing new in {delivery.landing_dir}.{note}", "", 0
    if any(run.job_name not in not_taking for run in _unfinished_runs(context)):
        return "A run that ingests the landed files is in progress.", "", 0
    # Attempts are counted for all content ever seen, which ingesting a file does not change. The
    # wanted content does change when the bank's first file replaces the demo data: that caused six
    # attempts. A withdrawal, a removal of rows or another contract starts a new count.
    changes = [*(f"withdrawn {sha}" for sha in withdrawn)]
    changes += [contract] if again or other_contract else []
    changes += [f"shortened {shortened}"] if shortened else []
    seen = content_hash([*(known.keys() | landed), *changes])
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
            "from it, and the current release stays in use. `bankseg deliveries` lists the outcome "
            "of each file: correct the contract, withdraw the file with `bankseg withdraw`, or "
            "deliver another."
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


def _next_attempt(context: dg.SensorEvaluationContext, tag: str, value: str) -> tuple[str, int]:
    """Return why the next attempt is not due yet (empty if it is), and its number.

    The first three since the platform's start follow immediately, after failures as well as kills;
    then there is one per hour. Operators restart the platform after they fixed a cause.
    """
    before = context.instance.get_run_records(dg.RunsFilter(tags={tag: value}))
    started = float(os.environ.get(STARTED_AT) or 0)
    recent = [
        record.update_timestamp.replace(tzinfo=UTC).timestamp()
        for record in before
        if record.create_timestamp.replace(tzinfo=UTC).timestamp() >= started
    ]
    if len(recent) >= QUICK_ATTEMPTS:
        last = max(recent)
        minutes = (last + LATER_ATTEMPTS_SECONDS - time.time()) / 60
        if minutes > 0:
            return (
                f"{len(recent)} runs for this content did not succeed. See their logs. The next "
                f"attempt is in {minutes:.0f} minutes; or materialize by hand once the cause is "
                "fixed.",
                0,
            )
    return "", len(before) + 1


def _landed_hashes(delivery: DeliveryResource) -> tuple[set[str], str]:
    """Return the SHA-256 of the complete landed files, and a note on the others.

    The ledger caches each hash, so an old file is not read again, and the next tick continues where
    one was interrupted. A file too large to be hashed in one tick has a placeholder hash of its
    name, size and time: it starts the run, which hashes the file and records it in the ledger.
    """
    ledger = delivery.ledger
    known, delivered_as = ledger.hashes(), ledger.delivered_as()
    hashes, waiting = set(), []
    left = HASHED_AT_A_LOOK
    for file in list_landing(Path(delivery.landing_dir)):
        name = file.name
        seen = (name, file.size, file.modified_ns)
        try:
            if seen in known:
                hashes.add(known[seen])
            elif file.may_still_grow:
                waiting.append(f"{name} (still being written)")
            elif file.size > HASHED_AT_A_LOOK:
                hashes.add(content_hash(map(str, seen)))
            elif file.size > left:
                waiting.append(f"{name} (read at the next tick)")
            else:
                left -= file.size
                hashes.add(sha256 := sha256_of(file.path))
                if file.is_still():
                    ledger.remember_hash(*seen, sha256)
        except OSError as error:  # moved since the listing, or not readable
            waiting.append(f"{name} ({error.strerror})")
    hashes = {delivered_as.get(sha256, sha256) for sha256 in hashes}
    return hashes, f" Waiting for {', '.join(waiting)}." if waiting else ""


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
    return run.job_name in (refresh.name, refit.name)


def _resolved(
    context: dg.SensorEvaluationContext, selection: dg.AssetSelection
) -> frozenset[dg.AssetKey]:
    assert context.repository_def is not None  # Dagster sets it for every sensor
    return frozenset(selection.resolve(context.repository_def.asset_graph))
