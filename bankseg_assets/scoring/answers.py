"""Answers of the model: the most likely segment and its probability, from any known inputs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bankseg_assets.scoring.bundle import (
    Bundle,
)
from bankseg_assets.scoring.posterior import posterior
from bankseg_assets.stats.arrays import Array

SURE = 0.6
"""Below this probability an answer is not sure."""

NO_ACTION = f"No action: below {SURE:.0%}, the answer is too uncertain to act on."

# Calibration is measured to three digits; beyond six, digits differ between machines.
DIGITS = 6


@dataclass(frozen=True)
class Answers:
    """Answers for n customers.

    `probabilities` (n, k); of the most likely segment, its index (n,) in `Bundle.segments` and its
    probability (n,).
    """

    probabilities: Array
    places: npt.NDArray[np.int64]
    confidence: Array

    @property
    def sure(self) -> npt.NDArray[np.bool_]:
        """Whether the most likely segment is probable enough to act on: (n,)."""
        enough: npt.NDArray[np.bool_] = self.confidence >= SURE
        return enough


def answers(bundle: Bundle, known: Mapping[str, npt.ArrayLike]) -> Answers:
    """Score n customers; NaN means unknown. Raises InputError as `posterior`."""
    found = posterior(bundle, known)
    probabilities = found.probabilities.round(DIGITS)
    return Answers(probabilities, found.segment, probabilities.max(axis=1))
