"""The alerts on a failed run, rejected files, a refused release, a candidate, and a new release."""

from collections.abc import Sequence

from bankseg_assets.landing.files import printable
from bankseg_assets.landing.ledger import Delivery
from bankseg_assets.monitoring.alerts import Alert, reasons
from bankseg_assets.monitoring.failures import Failure
from bankseg_assets.presentation.formatting import number
from bankseg_assets.release.candidates import Candidate
from bankseg_assets.release.releases import Manifest, Refusal, Release
from bankseg_assets.runtime.settings import Settings

STAYS = "The previous release stays in use."
NO_REASON = "It was stopped, or ended without an error message."
FULL_DISK = "No space left on device"
METRICS = {"n_customers": "customers", "n_segments": "segments"}


def failure_alert(failure: Failure, settings: Settings) -> Alert:
    """Return the alert on a failed run."""
    run = f"The run {failure.run_id[:8]} of {failure.job} failed"
    if failure.times > 1:
        run = f"{run}, as the {failure.times - 1} before it, for the same reasons"
    return Alert(
        event="failure",
        at=failure.at,
        run_id=failure.run_id,
        what=f"{run}. {STAYS}",
        why=reasons(failure.reasons) or (NO_REASON,),
        next_step=repair(failure, settings),
        link=f"{settings.dagster_address}/runs/{failure.run_id}",
    )


def repair(failure: Failure, settings: Settings) -> str:
    """Return what to do about a failure."""
    if any(FULL_DISK in reason for reason in failure.reasons):
        return f"Free space on the disk of {settings.data_dir}; the run is then repeated."
    return (
        "Open the run in Dagster for the details. After the cause is removed, start the job again; "
        "a run that a sensor started is also repeated every hour."
    )


def rejection_alert(
    rejected: Sequence[Delivery], run_id: str, at: str, settings: Settings
) -> Alert:
    """Return the alert on the files that a run rejected."""
    names = ", ".join(printable(one.file_name) for one in rejected)
    return Alert(
        event="rejection",
        at=at,
        run_id=run_id,
        what=f"{names} {'was' if len(rejected) == 1 else 'were'} rejected.",
        why=reasons(one.reason for one in rejected),
        next_step="Correct the file, or the contract that describes it, and deliver it again.",
        link=f"{settings.app_address}/deliveries",
    )


def refusal_alert(refused: Refusal, settings: Settings) -> Alert:
    """Return the alert on a candidate that was not released."""
    return Alert(
        event="refusal",
        at=refused.at,
        run_id=refused.run_id,
        what=f"A new release was refused. {STAYS}",
        why=reasons(refused.reasons),
        next_step="Follow the reasons. `bankseg deliveries` lists the outcome of each file.",
        link=f"{settings.dagster_address}/runs/{refused.run_id}",
    )


def approval_alert(candidate: Candidate, settings: Settings) -> Alert:
    """Return the alert on a newly fitted model that a reviewer must decide on."""
    found = candidate.manifest
    stays = f" {STAYS}" if candidate.compared_with else ""
    started = f"The run was started by {candidate.made_by.name}."
    return Alert(
        event="approval",
        at=found.created_at,
        run_id=found.run_id,
        what=f"A new model awaits approval.{stays}",
        why=reasons([f"{_made_from(found)} {started}", *found.warnings]),
        next_step="Compare it on the page Approval, and approve or decline it there, or with "
        "`bankseg approve` or `bankseg decline`.",
        link=f"{settings.app_address}/approval",
    )


def release_alert(released: Release, settings: Settings) -> Alert:
    """Return the alert on a new release."""
    return Alert(
        event="release",
        at=released.created_at,
        # The run of an approved candidate was reported, and so was that of an earlier release.
        run_id=released.name if released.is_by_a_person else released.run_id,
        what=f"Version {released.number} of the segments was released.",
        why=reasons([_made_from(released), released.note, *released.warnings]),
        next_step="Open the app; pages that are open offer the newer version.",
        link=settings.app_address,
    )


def _made_from(found: Manifest) -> str:
    sizes = [
        f"{number(float(found.metrics[name] or 0))} {unit}"
        for name, unit in METRICS.items()
        if found.metrics.get(name)
    ]
    data = "demo data" if found.is_demo else "the delivered data"
    return f"Made from {data}: {', '.join(sizes)}."
