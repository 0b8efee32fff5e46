"""Jobs, sensors and schedules, from the Dagster definitions."""

import dagster as dg

from bankseg_assets.definitions import defs
from tools.reference.markdown import table


def jobs() -> str:
    """Return a table of the jobs."""
    found = {job.name: job.description or "" for job in defs.jobs or ()}
    return table(("job", "does"), ((f"`{name}`", does) for name, does in found.items()))


def sensors() -> str:
    """Return a table of the sensors."""
    found = [one for one in defs.sensors or () if isinstance(one, dg.SensorDefinition)]
    return table(
        ("sensor", "looks every", "does"),
        (
            (f"`{one.name}`", f"{one.minimum_interval_seconds or 30} s", one.description or "")
            for one in found
        ),
    )


def schedules() -> str:
    """Return a table of the schedules."""
    found = [one for one in defs.schedules or () if isinstance(one, dg.ScheduleDefinition)]
    return table(
        ("schedule", "cron (UTC)", "does"),
        ((f"`{one.name}`", f"`{one.cron_schedule}`", one.description or "") for one in found),
    )
