"""Jobs, and the sensors that start them: new content, cleaned data, a new model, a failed run."""

import json
from pathlib import Path
from typing import Any

import dagster as dg

from bankseg_assets.assets.cleaned_transactions import CONTENT_HASH_KEY
from bankseg_assets.landing.archive import sha256_of
from bankseg_assets.landing.files import SETTLED_AFTER_SECONDS, list_landing
from bankseg_assets.landing.ledger import content_hash, current_content
from bankseg_assets.resources import DeliveryResource
from bankseg_assets.settings import load_settings

LOOK_EVERY_SECONDS = 10
MOST_ATTEMPTS = 3
CONTENT_TAG = "bankseg/content"
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_INGESTION = dg.AssetSelection.groups("ingestion")

everything = dg.define_asset_job(
    "everything",
    dg.AssetSelection.all(),
    description="All assets, from the landing folder to the classifier.",
)
ingestion = dg.define_asset_job(
    "ingestion", _INGESTION, description="Take what landed and clean it."
)
models = dg.define_asset_job(
    "models",
    dg.AssetSelection.all() - _INGESTION,
    description="Everything after cleaning: report, RFM, PCA, k-means, segments, classifier.",
)
JOBS = [everything, ingestion, models]


@dg.sensor(
    job=ingestion,
    minimum_interval_seconds=LOOK_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def landing_sensor(
    context: dg.SensorEvaluationContext, delivery: DeliveryResource
) -> dg.SensorResult:
    """Start a run when the landing folder holds content that cleaned_transactions does not.

    Quiet for content that was seen before, whatever its name; patient with a file that is still
    being written. A run key deduplicates for ever, failed runs included, so it counts attempts.
    """
    hashes, waiting = _landed_hashes(context, delivery)
    cursor = json.dumps(hashes)
    reason, wanted, attempt = _decide(context, delivery, {sha256 for *_, sha256 in hashes.values()})
    if reason:
        return dg.SensorResult(skip_reason=reason + waiting, cursor=cursor)
    request = dg.RunRequest(run_key=f"{wanted}-{attempt}", tags={CONTENT_TAG: wanted})
    return dg.SensorResult(run_requests=[request], cursor=cursor)


@dg.asset_sensor(
    asset_key=dg.AssetKey("cleaned_transactions"),
    job=models,
    minimum_interval_seconds=LOOK_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def cleaned_sensor(
    context: dg.SensorEvaluationContext, asset_event: dg.EventLogEntry
) -> dg.RunRequest | dg.SkipReason:
    """Refresh report, tables and models after new cleaned data, unless its own run does so."""
    run = context.instance.get_run_by_id(asset_event.run_id)
    if run is not None and _makes_models(run):
        return dg.SkipReason("The run that cleaned the data makes the models as well.")
    return dg.RunRequest(run_key=asset_event.run_id)


@dg.asset_sensor(
    asset_key=dg.AssetKey("nb_classifier"),
    minimum_interval_seconds=LOOK_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def new_model_sensor(
    context: dg.SensorEvaluationContext, asset_event: dg.EventLogEntry
) -> dg.SkipReason:
    """Tell the app that a new classifier is out: it watches a small file."""
    notice = load_settings().notice_path
    draft = notice.with_suffix(".draft")
    draft.write_text(json.dumps({"run_id": asset_event.run_id}), encoding="utf-8")
    draft.replace(notice)
    return dg.SkipReason(f"The app was told of the classifier of run {asset_event.run_id}.")


@dg.run_failure_sensor(default_status=dg.DefaultSensorStatus.RUNNING)
def failure_sensor(context: dg.RunFailureSensorContext) -> None:
    """Say which step of which run failed, why, and that what was published still serves."""
    steps = context.get_step_failure_events()
    causes = "; ".join(f"{event.step_key}: {_cause(event)}" for event in steps)
    context.log.error(
        f"Run {context.dagster_run.run_id} of {context.dagster_run.job_name} failed: "
        f"{causes or context.failure_event.message}. What was published before still serves."
    )


SENSORS = [landing_sensor, cleaned_sensor, new_model_sensor, failure_sensor]


def _decide(
    context: dg.SensorEvaluationContext, delivery: DeliveryResource, landed: set[str]
) -> tuple[str, str, int]:
    """Return why not to start a run (empty: start one), the content wanted, and the attempt."""
    known = {d.sha256: d for d in delivery.ledger.deliveries()}
    fresh = landed - known.keys()
    wanted = content_hash([*(d.sha256 for d in current_content(known.values())), *fresh])
    if not fresh and wanted in (content_hash([]), _published_content(context)):
        return f"Nothing new in {delivery.landing_dir}.", wanted, 0
    unfinished = dg.RunsFilter(statuses=_UNFINISHED)
    if any(run.job_name != models.name for run in context.instance.get_runs(unfinished)):
        return "A run that takes what landed is on its way.", wanted, 0
    attempts = context.instance.get_runs_count(dg.RunsFilter(tags={CONTENT_TAG: wanted}))
    if attempts >= MOST_ATTEMPTS:
        return (
            f"{attempts} runs for this content ended without a table. See their logs, and "
            "materialize by hand once the cause is mended.",
            wanted,
            attempts,
        )
    return "", wanted, attempts + 1


def _landed_hashes(
    context: dg.SensorEvaluationContext, delivery: DeliveryResource
) -> tuple[dict[str, tuple[int, int, str]], str]:
    """Return name -> (size, modified_ns, SHA-256) of complete files, and a word on the others.

    The cursor remembers what was hashed, so that an old file costs a look and not a read.
    """
    before: dict[str, list[Any]] = json.loads(context.cursor) if context.cursor else {}
    hashes: dict[str, tuple[int, int, str]] = {}
    waiting = []
    for file in list_landing(Path(delivery.landing_dir)):
        name = file.path.name
        size, modified, sha256 = before.get(name, (0, 0, ""))
        if sha256 and (size, modified) == (file.size, file.modified_ns):
            hashes[name] = (size, modified, sha256)
        elif file.has_done_marker or file.quiet_seconds > SETTLED_AFTER_SECONDS:
            try:
                hashes[name] = (file.size, file.modified_ns, sha256_of(file.path))
            except OSError as error:  # moved away since the listing, or not ours to read
                waiting.append(f"{name} ({error.strerror})")
        else:
            waiting.append(f"{name} (still being written)")
    return hashes, f" Waiting for {', '.join(waiting)}." if waiting else ""


def _published_content(context: dg.SensorEvaluationContext) -> str | None:
    event = context.instance.get_latest_materialization_event(dg.AssetKey("cleaned_transactions"))
    if event is None or event.asset_materialization is None:
        return None
    value = event.asset_materialization.metadata.get(CONTENT_HASH_KEY)
    return None if value is None else str(value.value)


def _makes_models(run: dg.DagsterRun) -> bool:
    if run.job_name == everything.name:
        return True
    return dg.AssetKey("nb_classifier") in (run.asset_selection or ())


def _cause(event: dg.DagsterEvent) -> str:
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return "" if error is None else error.message.strip()
