"""Evidence beside the measures: age, gender and location of customers with little history.

Each contributes P(value | segment), assumed independent of everything else within a segment.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bankseg_assets.scoring.bundle import (
    InputError,
)
from bankseg_assets.scoring.documents import EvidenceDocument
from bankseg_assets.stats.arrays import Array

AGE = "age"
EVIDENCE = {AGE: "Age", "gender": "Gender", "location": "Location"}
OTHER = "OTHER"
UNKNOWN = -1
MOST_YEARS = 150
# Lower bounds of the age bands: narrow where most customers are (median 29 years), wide where few
# are.
AGE_STARTS = (18, 21, 25, 30, 35, 40, 45, 50, 60)
AGE_BANDS = (
    f"under {AGE_STARTS[0]}",
    *(f"{first}-{after - 1}" for first, after in pairwise(AGE_STARTS)),
    f"{AGE_STARTS[-1]} and over",
)

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Evidence:
    """A table of evidence: log_probability (v, k) = log P(value | segment)."""

    name: str
    label: str
    values: tuple[str, ...]
    log_probability: Array

    @classmethod
    def from_document(cls, name: str, document: EvidenceDocument) -> "Evidence":
        """Return the table that a bundle's document has."""
        log_probability = np.array(document.log_probability, dtype=np.float64)
        return cls(name, document.label, tuple(document.values), log_probability)

    def codes(self, given: npt.ArrayLike) -> Codes:
        """Return the table row of each customer's value (n,); UNKNOWN where the value is unknown.

        Raises InputError when an age is not a number from 0 to 150.
        """
        column = np.atleast_1d(np.asarray(given, dtype=object))
        return np.array([self._code(value) for value in column], dtype=np.int64)

    def log_likelihood(self, codes: Codes) -> Array:
        """Return log P(value | segment) (n, k); 0 where the value is unknown."""
        found: Array = np.where((codes == UNKNOWN)[:, None], 0.0, self.log_probability[codes])
        return found

    @cached_property
    def _places(self) -> dict[str, int]:
        return {value: place for place, value in enumerate(self.values)}

    def _code(self, value: object) -> int:
        found = category(self.name, value, self.label)
        if found is None:
            return UNKNOWN
        return self._places.get(found, self._places.get(OTHER, UNKNOWN))


def category(name: str, value: object, label: str = "") -> str | None:
    """Return a value as tables have it: an age's band, a text in capitals; None when unknown.

    Raises InputError when an age is not a number from 0 to 150.

    >>> category("age", 31.0), category("age", 17), category("location", " Navi  Mumbai")
    ('30-34', 'under 18', 'NAVI MUMBAI')
    """
    if value is None or value != value or not str(value).strip():  # noqa: PLR0124 - NaN
        return None
    if name != AGE:
        return " ".join(str(value).split()).upper()
    try:
        years = float(str(value))
    except ValueError as error:
        raise InputError(f"{label or name} is not a number: {value!r}.") from error
    if not 0 <= years <= MOST_YEARS:
        raise InputError(f"{label or name} must be from 0 to {MOST_YEARS}; found {value}.")
    return AGE_BANDS[int(np.searchsorted(AGE_STARTS, years, side="right"))]
