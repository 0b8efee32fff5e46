"""When Dagster's sensors looked last: a daemon that has died reports nothing itself."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from bankseg_assets.monitoring.finding import Finding, span

FILE = "sensors_looked"
SENSORS = "Sensors"
SILENT_AFTER = timedelta(minutes=10)


def note_look(folder: Path) -> None:
    """Record that the sensors look now. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).touch()


def sensors_finding(folder: Path, now: datetime) -> Finding:
    """Return whether sensors look for files."""
    try:
        looked = datetime.fromtimestamp((folder / FILE).stat().st_mtime, UTC)
    except OSError:
        return Finding(topic=SENSORS, level="green", fact="They have not run on these data yet.")
    age = now - looked
    fact = f"They looked {span(age)} ago."
    if age < SILENT_AFTER:
        return Finding(topic=SENSORS, level="green", fact=fact)
    return Finding(
        topic=SENSORS,
        level="amber",
        fact=f"{fact} Files that arrive are not ingested.",
        next_step="Start `make run`; in containers, restart daemon and code server.",
    )
