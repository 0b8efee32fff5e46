"""Dagster run coordinator that records who starts a run in the Dagster UI, and its configuration.

The approval of a model depends on who started its run. So the tags that name the person are those
of the request: tags that were entered in the Launchpad do not count.
"""

import json
from collections.abc import Mapping
from typing import Any

from dagster import DagsterRun
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext

from bankseg_assets.privacy.audit import Actor, Event, acting_as, note, system_user
from bankseg_assets.release.candidates import KNOWN_BY_TAG, STARTED_BY_TAG
from bankseg_assets.runtime.settings import load_settings
from ops.launch.access import identity_of, is_own_program

RUN_STARTED = "run started"
MOST_CHARACTERS = 2_000
"""Of a configuration in the audit log; Dagster keeps all of it."""
_OPS = "ops"


class RecordingRunCoordinator(QueuedRunCoordinator):
    """QueuedRunCoordinator that names the person behind a run."""

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Queue a run; one that a person started gets tags and an entry in the audit log."""
        run = context.dagster_run
        if (who := started_by(context)) is not None:
            tags = {STARTED_BY_TAG: who.name, KNOWN_BY_TAG: who.known_by}
            self._instance.add_run_tags(run.run_id, tags)
            details: dict[str, str | int | float] = {
                "job": run.job_name,
                "configuration": shown_configuration(run.run_config),
            }
            event = Event(RUN_STARTED, on=run.run_id, result="queued", details=details)
            with acting_as(who):
                note(load_settings().audit_dir, event)
        return super().submit_run(context)


def started_by(context: SubmitRunContext) -> Actor | None:
    """Return the person who started a run in the Dagster UI.

    None for a run of a sensor or schedule, which no request started, and for one that an own
    program has tagged and recorded: the app.
    """
    scope: Mapping[str, Any] | None = getattr(
        getattr(context.workspace, "source", None), "scope", None
    )
    if scope is None or is_own_program(scope):
        return None
    identity = identity_of(scope)
    return identity.actor if identity is not None else system_user()


def shown_configuration(config: Mapping[str, Any]) -> str:
    """Return a run's configuration as JSON; of resources only the names, as they may have secrets.

    >>> shown_configuration({"ops": {"kmeans_model": {"config": {"k": 5}}}, "resources": {"x": 1}})
    '{"ops": {"kmeans_model": {"config": {"k": 5}}}, "resources": ["x"]}'
    >>> shown_configuration({})
    'default'
    """
    if not config:
        return "default"
    shown = {
        name: value if name == _OPS or not isinstance(value, Mapping) else sorted(value)
        for name, value in config.items()
    }
    text = json.dumps(shown, ensure_ascii=False, default=str)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
