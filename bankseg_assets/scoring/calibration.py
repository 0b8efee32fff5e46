"""Probability calibration: temperature or Dirichlet scaling, one map per subset of measures.

A temperature is one factor (Guo et al., On Calibration of Modern Neural Networks, 2017) and changes
no label. If one factor is not enough, a matrix and a shift of the log probabilities are used (Kull
et al., Beyond temperature scaling: Dirichlet calibration, 2019).
"""

from dataclasses import dataclass

import numpy as np

from bankseg_assets.scoring.documents import CalibrationDocument
from bankseg_assets.stats.arrays import Array

# A matrix is valid only where there were customers to fit it on. Log probabilities are clipped at
# this value (2e-9), so a customer far outside gets the answer of one at the edge.
FLOOR = -20.0


@dataclass(frozen=True)
class Calibration:
    """k segments: a temperature, or a matrix (k, k) with a shift (k,)."""

    temperature: float = 1.0
    matrix: Array | None = None
    shift: Array | None = None

    @classmethod
    def from_document(cls, document: CalibrationDocument) -> "Calibration":
        """Return the calibration that a bundle's document has."""
        if document.temperature is not None:
            return cls(document.temperature)
        return cls(matrix=np.array(document.matrix), shift=np.array(document.shift))

    def document(self) -> CalibrationDocument:
        """Return it as a bundle's document has it."""
        if self.matrix is None or self.shift is None:
            return CalibrationDocument(temperature=self.temperature)
        return CalibrationDocument(matrix=self.matrix.tolist(), shift=self.shift.tolist())

    def apply(self, joint: Array) -> Array:
        """Return log P(segment | known) (n, k), up to a constant per row, from log joints (n,
        k)."""
        if self.matrix is None or self.shift is None:
            return self.temperature * joint
        found: Array = floored(joint) @ self.matrix.T + self.shift
        return found


def floored(joint: Array) -> Array:
    """Return log probabilities (n, k), clipped at FLOOR, from log joints (n, k)."""
    above = joint - joint.max(axis=1, keepdims=True)
    log_probability = above - np.log(np.exp(above).sum(axis=1, keepdims=True))
    found: Array = np.maximum(log_probability, FLOOR)
    return found
