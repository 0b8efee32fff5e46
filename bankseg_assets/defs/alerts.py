"""Alerts in the sensors' logs: a failed run, a new release, a refused one."""

import dagster as dg

from bankseg_assets.defs.resources import PublishedResource
from bankseg_assets.release.releases import current_refusal, current_release


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Logs the failed steps of a run with their causes.",
)
def failure_sensor(context: dg.RunFailureSensorContext) -> None:
    """Log the failed steps of a run with their causes."""
    steps = context.get_step_failure_events()
    causes = "; ".join(f"{event.step_key}: {_cause(event)}" for event in steps)
    context.log.error(
        f"Run {context.dagster_run.run_id} of {context.dagster_run.job_name} failed: "
        f"{causes or context.failure_event.message}. The previous release stays in use."
    )


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Logs the release that a run made, or why its candidate was refused.",
)
def release_sensor(context: dg.RunStatusSensorContext, published: PublishedResource) -> None:
    """Log the release that a run made, or why its candidate was refused.

    A refusal does not fail its run.
    """
    run = context.dagster_run
    refused, released = (
        current_refusal(published.store.folder),
        current_release(published.store.folder),
    )
    if refused is not None and refused.run_id == run.run_id:
        context.log.error(
            f"Run {run.run_id} of {run.job_name} was not released. {' '.join(refused.reasons)} "
            "The previous release stays in use."
        )
    elif released is not None and released.run_id == run.run_id:
        context.log.info(f"Run {run.run_id} of {run.job_name} made the release {released.name}.")


ALERTS = [failure_sensor, release_sensor]


def _cause(event: dg.DagsterEvent) -> str:
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return "" if error is None else error.message.strip()
