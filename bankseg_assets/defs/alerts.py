"""Alerts on failed runs, rejected files, refused releases, models to approve and new releases.

The sensors log an event and put an alert into the outbox; `alert_sensor` sends what is in it. So
neither a run nor a sensor waits for a receiver.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from bankseg_assets.defs.platform_health import Seen, look
from bankseg_assets.defs.resources import DeliveryResource, HoldingsResource, PublishedResource
from bankseg_assets.defs.run_failure import failure_reasons, was_interrupted
from bankseg_assets.monitoring.alerts import Alert, plain_text
from bankseg_assets.monitoring.channels import channels, events
from bankseg_assets.monitoring.failures import Failure, note_failure, note_success
from bankseg_assets.monitoring.health import health
from bankseg_assets.monitoring.health_alerts import health_alerts
from bankseg_assets.monitoring.heartbeat import note_look
from bankseg_assets.monitoring.messages import (
    STAYS,
    approval_alert,
    failure_alert,
    refusal_alert,
    rejection_alert,
    release_alert,
)
from bankseg_assets.monitoring.outbox import Outbox
from bankseg_assets.release.candidates import awaiting
from bankseg_assets.release.releases import (
    all_releases,
    current_refusal,
    current_release,
    now,
)
from bankseg_assets.runtime.settings import SettingsError, load_settings

SEND_EVERY_SECONDS = 30
HEALTH_EVERY_SECONDS = 60
WILL_RETRY_TAG = "dagster/will_retry"


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reports a failed run with its causes and the next step, in the log and by alert.",
)
def failure_sensor(context: dg.RunFailureSensorContext, published: PublishedResource) -> None:
    """Report a failed run with its causes.

    A run that Dagster repeats by itself, or that a person stopped, is only logged. One that fails
    again for the same reasons is reported once a day.
    """
    run, steps = context.dagster_run, list(context.get_step_failure_events())
    message = context.failure_event.message or ""
    causes = failure_reasons(context.instance, run.run_id, steps, message)
    why = " ".join([*(one if one.endswith(".") else f"{one}." for one in causes), STAYS])
    context.log.error(f"Run {run.run_id} of {run.job_name} failed: {why}")
    # Also at the end of the run's own log, where Dagster's last event is a trace of its own code.
    with suppress(SQLAlchemyError):  # a full disk: the alert is sent anyway
        context.instance.report_engine_event(f"Why the run failed: {why}", dagster_run=run)
    if run.tags.get(WILL_RETRY_TAG) == "true" or was_interrupted(steps):
        return
    failure = Failure(run_id=run.run_id, job=run.job_name, at=now(), reasons=causes)
    try:
        failure, is_news = note_failure(published.alerts_dir, failure)
    except OSError as error:
        context.log.error(f"The failure cannot be recorded: {error.strerror}.")
        is_news = True
    if is_news:
        _alert(context, published, [failure_alert(failure, load_settings())])


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Reports the release that a run made, why its candidate was refused or that it "
    "awaits approval, and files that it rejected, in the log and by alert.",
)
def release_sensor(
    context: dg.RunStatusSensorContext,
    published: PublishedResource,
    delivery: DeliveryResource,
    holdings: HoldingsResource,
) -> None:
    """Report the release that a run made, or why there is none, and rejected files.

    Neither a refusal nor a rejection fails its run.
    """
    run, settings = context.dagster_run, load_settings()
    refused = current_refusal(published.store.folder)
    released = current_release(published.store.folder)
    candidate = awaiting(published.store.folder)
    is_release = released is not None and released.run_id == run.run_id
    found = []
    rejected = [
        one
        for ledger in (delivery.ledger, holdings.ledger)
        for one in ledger.deliveries()
        if one.run_id == run.run_id and one.status == "rejected"
    ]
    if rejected:
        found.append(rejection_alert(rejected, run.run_id, rejected[-1].taken_at, settings))
        context.log.error(f"Run {run.run_id} of {run.job_name}: {' '.join(found[0].why)}")
    if refused is not None and refused.run_id == run.run_id:
        context.log.error(
            f"Run {run.run_id} of {run.job_name} was not released. {' '.join(refused.reasons)} "
            f"{STAYS}"
        )
        found.append(refusal_alert(refused, settings))
    elif candidate is not None and candidate.manifest.run_id == run.run_id:
        context.log.info(f"Run {run.run_id} of {run.job_name} made a model that awaits approval.")
        found.append(approval_alert(candidate, settings))
    elif released is not None and is_release:
        context.log.info(f"Run {run.run_id} of {run.job_name} made the release {released.name}.")
        found.append(release_alert(released, settings))
    try:
        note_success(published.alerts_dir, run.job_name, now(), released=is_release)
    except OSError as error:
        context.log.error(f"The success cannot be recorded: {error.strerror}.")
    _alert(context, published, found)


@dg.sensor(
    minimum_interval_seconds=HEALTH_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Records the health of the platform as platform_health. Reports a health that "
    "stays red for a reason that no run reports (disk, files that wait, contract, age of the "
    "release), and releases by approval or rollback.",
)
def health_sensor(
    context: dg.SensorEvaluationContext, published: PublishedResource
) -> dg.SensorResult:
    """Record the health if it has changed; make an alert on what has stayed red.

    Also notes that sensors look, and alerts to releases that no run made.
    """
    settings, before = load_settings(), Seen.of(context.cursor)
    try:
        note_look(published.alerts_dir)
    except OSError as error:
        context.log.error(f"The look of the sensors cannot be recorded: {error.strerror}.")
    found = health(settings)
    try:
        alerts = health_alerts(published.alerts_dir, found, settings, datetime.now(UTC))
    except OSError as error:
        context.log.error(f"The health cannot be recorded: {error.strerror}.")
        alerts = []
    for alert in alerts:
        context.log.error(plain_text(alert))
    seen, events = look(context.instance, found, settings, before)
    # At the first look the releases are not news.
    is_news = bool(context.cursor) and seen.release > before.release
    by_persons = [
        release_alert(one, settings)
        for one in (all_releases(published.store.folder) if is_news else ())
        if one.is_by_a_person and one.name > before.release
    ]
    _alert(context, published, [*alerts, *by_persons])
    return dg.SensorResult(skip_reason=found.sentence, cursor=seen.cursor, asset_events=events)


@dg.sensor(
    minimum_interval_seconds=SEND_EVERY_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Sends waiting alerts by webhook and mail; tries each up to five times.",
)
def alert_sensor(
    context: dg.SensorEvaluationContext, published: PublishedResource
) -> dg.SkipReason:
    """Send the alerts of the outbox that are due."""
    try:
        outbox = Outbox(published.alerts_dir)
        attempts = outbox.send_due(channels(load_settings()))
    except (SettingsError, OSError) as error:
        context.log.error(f"Alerts are not sent: {error}")
        return dg.SkipReason(f"Alerts are not sent: {error}")
    for attempt in attempts:
        context.log.info(attempt)
    return dg.SkipReason(" ".join(attempts) or "No alert is due.")


ALERTS = [failure_sensor, release_sensor, health_sensor, alert_sensor]


def _alert(
    context: dg.RunStatusSensorContext | dg.SensorEvaluationContext,
    published: PublishedResource,
    found: Iterable[Alert],
) -> None:
    """Put the alerts into the outbox that the settings ask for."""
    settings = load_settings()
    try:
        wanted, by = events(settings), channels(settings)
    except SettingsError as error:
        context.log.error(f"Alerts are not sent: {error}")
        return
    for alert in found:
        if alert.event in wanted:
            for sentence in Outbox(published.alerts_dir).deliver(alert, by):
                context.log.error(sentence)
