"""The quality of a release in one sentence, with a colour."""

from dataclasses import dataclass
from typing import Literal

from bankseg_assets.presentation.formatting import percent
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.explain.wording import ONE_SEGMENT
from bankseg_assets.scoring.quality import was_held_out

Level = Literal["green", "amber", "red"]
GOOD, FAIR = 0.95, 0.8
"""Least macro F1 of a green and of an amber verdict."""
CALIBRATED = 0.05
"""Largest calibration error of a green verdict."""


@dataclass(frozen=True)
class Verdict:
    """A colour, the verdict in a word or two, and its reasons."""

    level: Level
    word: str
    reasons: str


def verdict(bundle: Bundle, release: Release) -> Verdict:
    """Return the verdict on the model of a release."""
    refused = [gate.sentence for gate in release.gates if gate.verdict == "refused"]
    warned = [gate.sentence for gate in release.gates if gate.verdict == "warned"]
    measured = _measured(bundle)
    f1 = bundle.metrics.get("f1_macro")
    error = bundle.metrics.get("calibration_error")
    if refused:
        word = "Released although checks refused it"
        return Verdict("red", word, " ".join([*refused, measured]))
    if f1 is not None and len(bundle.segments) > 1 and f1 < FAIR:
        return Verdict("red", "Not reliable", measured)
    is_weak = len(bundle.segments) > 1 and (
        (f1 is not None and f1 < GOOD) or (error is not None and error > CALIBRATED)
    )
    if warned or is_weak or not was_held_out(bundle):
        word = "Usable, with a warning" if len(warned) == 1 else "Usable, with warnings"
        return Verdict(
            "amber", word if warned else "Usable with care", " ".join([measured, *warned])
        )
    checks = f" All {len(release.gates)} checks passed." if release.gates else ""
    return Verdict("green", "Good", f"{measured}{checks}")


def _measured(bundle: Bundle) -> str:
    if len(bundle.segments) == 1:
        return ONE_SEGMENT
    f1, error = bundle.metrics.get("f1_macro"), bundle.metrics.get("calibration_error")
    if f1 is None:
        return "The quality was not measured: too few customers could be held out."
    where = "held-out customers" if was_held_out(bundle) else "the customers it was fitted on"
    text = f"The classifier reproduces the segments of {where} with an F1 of {percent(f1)}"
    if error is None:
        return f"{text}."
    return f"{text}, and its probabilities are off by {100 * error:.1f} points on average."
