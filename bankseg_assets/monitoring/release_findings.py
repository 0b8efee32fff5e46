"""Findings on the release: its age, a refusal or a candidate, drift."""

from datetime import datetime

from bankseg_assets.monitoring.finding import Finding, Level, span
from bankseg_assets.release.candidates import Candidate
from bankseg_assets.release.freshness import FAIL_AFTER, WARN_AFTER
from bankseg_assets.release.gates import DRIFT_GATE, Verdict
from bankseg_assets.release.releases import Refusal, Release
from bankseg_assets.scoring.current_model import Serving

RELEASE, NEWER, DRIFT = "Release", "Newer release", "Drift"
NO_RELEASE = "There is no release yet."
_DRIFT_LEVELS: dict[str, Level] = {
    Verdict.PASSED.value: "green",
    Verdict.WARNED.value: "amber",
    Verdict.REFUSED.value: "red",
}


def release_finding(serving: Serving, now: datetime) -> Finding:
    """Return whether there is a usable release, and how old it is."""
    release = serving.release
    if serving.problem:
        stays = f" Version {release.number} stays in use." if release else ""
        return Finding(
            topic=RELEASE,
            level="red",
            fact=f"The newest release cannot be used. {serving.problem}{stays}",
            next_step="Run `make materialize`, which makes another one.",
        )
    if release is None:
        return Finding(
            topic=RELEASE,
            level="red",
            fact=NO_RELEASE,
            next_step="Deliver a file and wait for its batch, or run `make materialize`.",
        )
    age = now - datetime.fromisoformat(release.created_at)
    data = " from demo data" if release.is_demo else ""
    fact = f"Version {release.number} was made{data} {span(age)} ago."
    if age < WARN_AFTER:
        return Finding(topic=RELEASE, level="green", fact=fact)
    return Finding(
        topic=RELEASE,
        level="amber" if age < FAIL_AFTER else "red",
        fact=fact,
        next_step=f"A new one is expected every {WARN_AFTER.days} days: has data been delivered?",
    )


def newer_finding(refused: Refusal | None, candidate: Candidate | None) -> Finding:
    """Return whether a newer release was refused, and why, or awaits approval."""
    if candidate is not None:
        return Finding(
            topic=NEWER,
            level="amber",
            fact="It has a new model, which awaits approval.",
            next_step="A reviewer decides on the page Approval, or with `bankseg approve`.",
        )
    if refused is None:
        return Finding(topic=NEWER, level="green", fact="None is held back.")
    return Finding(
        topic=NEWER,
        level="amber",
        fact=f"It was refused. {' '.join(refused.reasons)}",
        next_step="Follow the reasons; the release before it stays in use.",
    )


def drift_finding(release: Release | None) -> Finding:
    """Return whether the customers are distributed as those of the previous release."""
    gate = next((one for one in release.gates if one.name == DRIFT_GATE), None) if release else None
    if gate is None or not gate.numbers or gate.verdict not in _DRIFT_LEVELS:
        return Finding(
            topic=DRIFT, level="green", fact="There is no earlier release to compare with."
        )
    level = _DRIFT_LEVELS[gate.verdict]
    return Finding(
        topic=DRIFT,
        level=level,
        fact=gate.sentence or "The customers are distributed as in the previous release.",
        next_step="" if level == "green" else "The page Quality shows which measures have shifted.",
    )
