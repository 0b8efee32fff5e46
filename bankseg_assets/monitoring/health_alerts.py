"""Alerts on a health that stays red: what no run reports, such as a disk that fills up."""

import json
from datetime import datetime, timedelta
from pathlib import Path

from bankseg_assets.monitoring.alerts import Alert, reasons
from bankseg_assets.monitoring.delivery_findings import CONTRACT, WAITING
from bankseg_assets.monitoring.finding import Finding
from bankseg_assets.monitoring.health import DISK, Health
from bankseg_assets.monitoring.release_findings import NO_RELEASE, RELEASE
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.documents import Document, replace_json

FILE = "health.json"
TOPICS = (RELEASE, WAITING, CONTRACT, DISK)
"""Failures, refusals and rejections have alerts of their own."""
RED_FOR = timedelta(minutes=10)
"""A batch fills the disk for minutes, and a contract is edited in steps."""


class _Red(Document):
    """Since when a topic is red, and whether an alert was made."""

    since: datetime
    is_alerted: bool = False


def health_alerts(folder: Path, found: Health, settings: Settings, now: datetime) -> list[Alert]:
    """Return an alert for each topic that has become red and stayed so; record them."""
    before = _read(folder)
    red = {
        one.topic: one
        for one in found.findings
        if one.level == "red" and one.topic in TOPICS and one.fact != NO_RELEASE
    }
    after = {topic: before.get(topic) or _Red(since=now) for topic in red}
    due = [
        topic for topic, one in after.items() if not one.is_alerted and now - one.since >= RED_FOR
    ]
    after |= {topic: _Red(since=after[topic].since, is_alerted=True) for topic in due}
    if after != before:
        document = {topic: one.model_dump(mode="json") for topic, one in after.items()}
        replace_json(folder / FILE, document)
    return [_alert(red[topic], after[topic].since, settings, now) for topic in due]


def _alert(finding: Finding, since: datetime, settings: Settings, now: datetime) -> Alert:
    topic = finding.topic.lower().replace(" ", "-")
    return Alert(
        event="health",
        at=now.isoformat(timespec="seconds"),
        run_id=f"{topic}-{since:%Y%m%dT%H%M%S}",
        what=f"The platform needs attention: {finding.topic.lower()}.",
        why=reasons([finding.fact]),
        next_step=finding.next_step,
        link=f"{settings.app_address}/health",
    )


def _read(folder: Path) -> dict[str, _Red]:
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {topic: _Red.model_validate(one) for topic, one in found.items()}
    except (OSError, ValueError, AttributeError):
        return {}
