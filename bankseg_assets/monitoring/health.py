"""The health of the platform: for the app's page, the command line and monitoring.

It reads files and neither asks Dagster nor starts Java.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bankseg_assets.monitoring.channels import channels
from bankseg_assets.monitoring.delivery_findings import (
    contract_finding,
    inbox,
    last_delivery_finding,
    waiting_finding,
)
from bankseg_assets.monitoring.failures import Failure, last_failure
from bankseg_assets.monitoring.finding import LEVELS, Finding, Level, span, worst
from bankseg_assets.monitoring.heartbeat import sensors_finding
from bankseg_assets.monitoring.messages import NO_REASON, repair
from bankseg_assets.monitoring.outbox import Outbox, Queued
from bankseg_assets.monitoring.release_findings import (
    drift_finding,
    newer_finding,
    release_finding,
)
from bankseg_assets.release.candidates import awaiting
from bankseg_assets.release.releases import PROMOTION, Release, current_refusal
from bankseg_assets.runtime.disk import NEEDED_BYTES, free_bytes, gigabytes
from bankseg_assets.runtime.settings import Settings, SettingsError
from bankseg_assets.scoring.current_model import Serving, renew
from bankseg_assets.scoring.published_model import newest_first
from bankseg_assets.storage.documents import Document

FAILURE, DISK, ALERTS = "Last failure", "Disk", "Alerts"
LITTLE = 2  # times what a batch needs
ALERTS_LAST_DAYS = timedelta(days=1)
NOT_BY_DATA = ("comparison",)
"""Jobs whose failure leaves the release as it is."""


class Health(Document):
    """The worst level, and every finding."""

    level: Level
    findings: tuple[Finding, ...]

    @property
    def worst_first(self) -> list[Finding]:
        """The findings, red before amber before green."""
        return sorted(self.findings, key=lambda one: -LEVELS.index(one.level))

    @property
    def sentence(self) -> str:
        """The health in one line, the worst first."""
        wrong = [f"{one.topic}: {one.fact}" for one in self.worst_first if one.level != "green"]
        return " ".join(wrong) or "Everything works."


def health(
    settings: Settings, *, now: datetime | None = None, serving: Serving | None = None
) -> Health:
    """Return the health; creates nothing. `serving`: the model in use, if the caller has it."""
    now = now or datetime.now(UTC)
    if serving is None:
        serving = renew(Serving(), lambda: newest_first(settings.published_dir))
    boxes = (
        inbox(settings.landing_dir, settings.ledger_path),
        inbox(settings.holdings_dir, settings.holdings_ledger_path),
    )
    known = [one for box in boxes for one in box.known]
    failure = last_failure(settings.alerts_dir)
    found = (
        release_finding(serving, now),
        newer_finding(current_refusal(settings.published_dir), awaiting(settings.published_dir)),
        last_delivery_finding(
            known, settings.landing_dir, now, has_release=serving.release is not None
        ),
        waiting_finding(boxes, now),
        contract_finding(settings.contract),
        sensors_finding(settings.alerts_dir, now),
        failure_finding(failure, serving.release, now, settings),
        drift_finding(serving.release),
        disk_finding(free_bytes(settings.data_dir), settings),
        alerts_finding(Outbox(settings.alerts_dir).queued(), settings, now),
    )
    return Health(level=worst(found), findings=found)


def failure_finding(
    failure: Failure | None, release: Release | None, now: datetime, settings: Settings
) -> Finding:
    """Return the last failed run, and whether its job works again."""
    if failure is None:
        return Finding(topic=FAILURE, level="green", fact="No run has failed.")
    age = span(now - datetime.fromisoformat(failure.at))
    often = f", {failure.times} times in a row" if failure.times > 1 else ""
    fact = f"{failure.job} failed {age} ago{often}. {' '.join(failure.reasons) or NO_REASON}"
    released_since = (
        release is not None and release.kind == PROMOTION and release.created_at > failure.at
    )
    if failure.recovered_at or released_since:
        return Finding(topic=FAILURE, level="green", fact=f"{fact} It works again.")
    return Finding(
        topic=FAILURE,
        level="amber" if failure.job in NOT_BY_DATA else "red",
        fact=fact,
        next_step=repair(failure, settings),
    )


def disk_finding(free: int, settings: Settings) -> Finding:
    """Return whether the disk has space for the next batches."""
    fact = f"{gigabytes(free)} are free; a batch needs {gigabytes(NEEDED_BYTES)}."
    if free >= LITTLE * NEEDED_BYTES:
        return Finding(topic=DISK, level="green", fact=fact)
    return Finding(
        topic=DISK,
        level="amber" if free >= NEEDED_BYTES else "red",
        fact=fact,
        next_step=f"Free space on the disk of {settings.data_dir}.",
    )


def alerts_finding(queued: Sequence[Queued], settings: Settings, now: datetime) -> Finding:
    """Return whether alerts reach their receivers.

    `queued`: newest first. Only the process that sends them may have the settings of the channels.
    """
    since = (now - ALERTS_LAST_DAYS).timestamp()
    for one in queued:
        if one.queued >= since and one.problems:
            problems = "; ".join(f"{name}: {why}" for name, why in one.problems.items())
            outcome = "was given up" if one.was_given_up else "is tried again"
            return Finding(
                topic=ALERTS,
                level="amber",
                fact=f"The last {one.alert.event} alert {outcome}. {problems}.",
                next_step="Repair the receiver or the settings, then try `bankseg alerts --test`.",
            )
    try:
        names = [one.name for one in channels(settings)]
    except SettingsError as error:
        return Finding(topic=ALERTS, level="amber", fact=str(error), next_step="Correct it.")
    if sent := next((one for one in queued if one.sent), None):
        fact = f"The last one, on a {sent.alert.event}, was sent by {', '.join(sent.sent)}."
    elif names:
        fact = f"None was sent yet. They go by {', '.join(names)}."
    else:
        fact = "None are configured."
    return Finding(topic=ALERTS, level="green", fact=fact)
