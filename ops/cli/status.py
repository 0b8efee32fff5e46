"""Show the health, the release in use, deliveries, servers and disk: `bankseg status [--json]`."""

import argparse
import json
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bankseg_assets.landing.ledger import WITHDRAWN, Delivery, Ledger
from bankseg_assets.monitoring.finding import LEVELS
from bankseg_assets.monitoring.health import Health, health
from bankseg_assets.presentation.formatting import day
from bankseg_assets.release.candidates import awaiting
from bankseg_assets.release.releases import DeliveryOutcome, Refusal, Release, current_refusal
from bankseg_assets.runtime.disk import NEEDED_BYTES, free_bytes, gigabytes
from bankseg_assets.runtime.settings import Settings, SettingsError, load_settings
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.current_model import Serving, renew
from bankseg_assets.scoring.published_model import newest_first
from bankseg_assets.storage.documents import Document, read_document
from ops.exit_codes import reports
from ops.launch.services import platform_services

UNHEALTHY = 1
EDA = "eda_report"
# Metric -> its label.
METRICS = {
    "f1_weighted": "weighted F1",
    "f1_macro": "macro F1",
    "calibration_error": "calibration error",
    "log_loss": "log loss",
    "silhouette": "silhouette",
}


@reports(SettingsError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Print the status; return 1 if the health is red, else 0."""
    parser = argparse.ArgumentParser(prog="bankseg status", description=__doc__)
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="print JSON, for programs")
    shown.add_argument(
        "--check",
        action="store_true",
        help="print the health in one line, for monitoring; exit code 0 green, 1 amber, 2 red",
    )
    options = parser.parse_args(arguments)
    if options.check:
        return _check(health(load_settings()))
    found = status(load_settings())
    print(json.dumps(found.model_dump(), indent=2) if options.json else "\n".join(_lines(found)))
    return UNHEALTHY if found.health.level == "red" else 0


class ReleaseStatus(Document):
    """The release in use; first and last day of its data, if its EDA report has them."""

    name: str
    kind: str
    note: str
    made_at: str
    is_demo: bool
    warnings: tuple[str, ...]
    deliveries: tuple[DeliveryOutcome, ...]
    first_day: str | None
    last_day: str | None


class ModelStatus(Document):
    """The model in use."""

    version: str
    snapshot_date: str
    fitted_snapshot_date: str
    segments: tuple[str, ...]
    metrics: dict[str, bool | int | float]


class CandidateStatus(Document):
    """The model that awaits approval, and who fitted it."""

    name: str
    made_at: str
    made_by: str


class RefusalStatus(Document):
    """The refusal since the release in use."""

    at: str
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    deliveries: tuple[DeliveryOutcome, ...]


class LastDelivery(Document):
    """The delivery that was recorded last."""

    file: str
    status: str
    reason: str
    records: int
    taken_at: str


class DeliveriesStatus(Document):
    """The number of deliveries by status, and the last one."""

    accepted: int
    rejected: int
    withdrawn: int
    last: LastDelivery | None


class ServerStatus(Document):
    """A server of the platform, and whether it answers."""

    name: str
    address: str
    answers: bool


class DiskStatus(Document):
    """The space on the data folder's disk."""

    free_bytes: int
    needed_bytes: int


class Status(Document):
    """The whole status; None for what does not exist."""

    data_dir: str
    health: Health
    release: ReleaseStatus | None
    model: ModelStatus | None
    candidate: CandidateStatus | None
    problem: str | None
    refused: RefusalStatus | None
    deliveries: DeliveriesStatus | None
    servers: tuple[ServerStatus, ...]
    disk: DiskStatus


class _Window(Document):
    """The first and last day of an EDA report's data."""

    first_day: str | None
    last_day: str | None


def status(settings: Settings) -> Status:
    """Return the status; nothing is created."""
    serving = renew(Serving(), lambda: newest_first(settings.published_dir))
    refused = current_refusal(settings.published_dir)
    return Status(
        data_dir=str(settings.data_dir),
        health=health(settings, serving=serving),
        release=_release(serving.release) if serving.release else None,
        model=_model(serving.bundle) if serving.bundle else None,
        candidate=_candidate(settings.published_dir),
        problem=serving.problem or None,
        refused=_refusal(refused) if refused else None,
        deliveries=_deliveries(settings.ledger_path),
        servers=tuple(
            ServerStatus(name=one.title, address=one.address, answers=one.answers())
            for one in platform_services(settings, settings.data_dir / "unused")
            if one.port is not None
        ),
        disk=DiskStatus(free_bytes=free_bytes(settings.data_dir), needed_bytes=NEEDED_BYTES),
    )


def _release(release: Release) -> ReleaseStatus:
    window = _window(release)
    return ReleaseStatus(
        name=release.name,
        kind=release.kind,
        note=release.note,
        made_at=release.created_at,
        is_demo=release.is_demo,
        warnings=release.warnings,
        deliveries=release.deliveries,
        first_day=window.first_day,
        last_day=window.last_day,
    )


def _window(release: Release) -> _Window:
    try:
        (overview,) = read_document(release.path(EDA))["overview"]
        return _Window.model_validate(overview)
    except (OSError, ValueError, KeyError, TypeError):
        return _Window(first_day=None, last_day=None)


def _model(bundle: Bundle) -> ModelStatus:
    return ModelStatus(
        version=bundle.version,
        snapshot_date=bundle.snapshot_date,
        fitted_snapshot_date=bundle.fitted_snapshot_date or bundle.snapshot_date,
        segments=tuple(segment.name for segment in bundle.segments),
        metrics=dict(bundle.metrics),
    )


def _candidate(published_dir: Path) -> CandidateStatus | None:
    found = awaiting(published_dir)
    if found is None:
        return None
    made_at, made_by = found.manifest.created_at, found.made_by.name
    return CandidateStatus(name=found.name, made_at=made_at, made_by=made_by)


def _refusal(refused: Refusal) -> RefusalStatus:
    return RefusalStatus(
        at=refused.at,
        reasons=refused.reasons,
        warnings=refused.warnings,
        deliveries=refused.deliveries,
    )


def _deliveries(ledger: Path) -> DeliveriesStatus | None:
    if not ledger.exists():  # opening it would create it
        return None
    try:
        found = Ledger(ledger).deliveries()
    except sqlite3.Error:
        return None
    return DeliveriesStatus(
        accepted=sum(one.status == "accepted" for one in found),
        rejected=sum(one.status == "rejected" for one in found),
        withdrawn=sum(one.status == WITHDRAWN for one in found),
        last=_last(found[-1]) if found else None,
    )


def _last(delivery: Delivery) -> LastDelivery:
    return LastDelivery(
        file=delivery.file_name,
        status=delivery.status,
        reason=delivery.reason,
        records=delivery.records,
        taken_at=delivery.taken_at,
    )


def _check(found: Health) -> int:
    """Print the health as monitoring plugins do; return their exit code."""
    print(f"{found.level.upper()}: {' '.join(found.sentence.split())}")
    return LEVELS.index(found.level)


def _lines(found: Status) -> Iterator[str]:
    for title, text in _parts(found):
        first, *more = text.splitlines() or [""]
        yield f"{title:12} {first}".rstrip()
        yield from (f"{'':12} {line}" for line in more)


def _parts(found: Status) -> Iterator[tuple[str, str]]:
    release, model, refused = found.release, found.model, found.refused
    yield "Health", "\n".join(_health_lines(found.health))
    if release and model:
        demo = ", of demo data" if release.is_demo else ""
        yield "Release", f"{release.name} ({release.kind}), made {release.made_at}{demo}"
        if release.note:
            yield "", release.note
        yield "Data", _window_text(release, model)
        yield "Model", f"{model.version}\n{_metrics_text(model)}"
        yield "Segments", ", ".join(model.segments)
        if release.warnings:
            yield "Warnings", "\n".join(release.warnings)
    else:
        yield "Release", "none yet: run `make materialize`"
    if candidate := found.candidate:
        about = f"{candidate.name}, made {candidate.made_at} by {candidate.made_by}"
        yield "Candidate", f"{about}\nawaits approval: bankseg approve, bankseg decline"
    if found.problem:
        yield "Problem", f"The newest model cannot be used. {found.problem}"
    if refused:
        yield "Refused", "\n".join([f"a newer model, {refused.at}", *refused.reasons])
    yield "Deliveries", _deliveries_text(found.deliveries)
    for server in found.servers:
        yield server.name, server.address + ("" if server.answers else " does not answer")
    disk = found.disk
    yield (
        "Disk",
        f"{gigabytes(disk.free_bytes)} free, {gigabytes(disk.needed_bytes)} needed, "
        f"in {found.data_dir}",
    )


def _health_lines(found: Health) -> Iterator[str]:
    yield found.level
    for one in found.worst_first:
        if one.level != "green":
            yield f"{one.level}: {one.topic}. {one.fact}"
            yield f"  {one.next_step}"


def _window_text(release: ReleaseStatus, model: ModelStatus) -> str:
    snapshot = f"snapshot of {day(model.snapshot_date)}"
    if model.fitted_snapshot_date != model.snapshot_date:
        snapshot += f", fitted on the customers of {day(model.fitted_snapshot_date)}"
    if not release.first_day or not release.last_day:
        return snapshot
    return f"{day(release.first_day)} to {day(release.last_day)}, {snapshot}"


def _metrics_text(model: ModelStatus) -> str:
    metrics = model.metrics
    texts = [
        f"{called} {metrics[name]:z.3f}" for name, called in METRICS.items() if name in metrics
    ]
    return ", ".join([f"{metrics['n_customers']:,.0f} customers", *texts])


def _deliveries_text(found: DeliveriesStatus | None) -> str:
    if not found or not found.last:
        return "none yet"
    last = found.last
    withdrawn = f", {found.withdrawn:,} withdrawn" if found.withdrawn else ""
    text = (
        f"{found.accepted:,} accepted, {found.rejected:,} rejected{withdrawn}\n"
        f"last: {last.file}, {last.status} {last.taken_at}"
    )
    return f"{text}\n{last.reason}" if last.reason else text


if __name__ == "__main__":
    sys.exit(main())
