"""Forecasts of a customer by a release, and how good such forecasts are."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from bankseg_assets.contracts.tables import CUSTOMER_VALUE, HORIZONS
from bankseg_assets.lookup.customer import Customer, LookupFailedError
from bankseg_assets.release.releases import Release
from bankseg_assets.stats.arrays import Array
from bankseg_assets.storage.documents import read_document
from bankseg_assets.storage.version_store import DamagedVersionError
from bankseg_assets.value.baselines import SEGMENT as SEGMENT_MEAN
from bankseg_assets.value.patterns import Patterns, history

VALUE_MODEL = "value_model"
BOUNDS = ("", "_low", "_high")


def value_document(release: Release) -> dict[str, Any]:
    """Return the document of the models; empty if the release has none, or it cannot be read."""
    if VALUE_MODEL not in release.versions:
        return {}
    try:
        return read_document(release.path(VALUE_MODEL))
    except (OSError, ValueError):
        return {}


def forecast_notes(release: Release) -> list[str]:
    """Return the sentences on the forecasts of a release."""
    return [str(note) for note in value_document(release).get("notes", ())]


@dataclass(frozen=True)
class Known:
    """What is known of a customer. recency, age: days from the last and from the first transaction.

    active_days: days with transactions. spent: the sum of their amounts; None if it is unknown.
    """

    active_days: int
    recency: int
    age: int
    spent: float | None = None

    @property
    def problem(self) -> str:
        """What cannot be in these numbers, as a sentence; empty if they can be a history."""
        if self.active_days < 1 or self.recency < 1:
            return "A customer has at least one day with transactions, before the snapshot."
        if self.age < self.recency:
            return "The first transaction is after the last one."
        days = self.age - self.recency + 1
        if self.active_days > days:
            return (
                f"From the first to the last transaction there are {days:,} days; found "
                f"{self.active_days:,} days with transactions."
            )
        if self.active_days == 1 < days:
            return "First and last transaction are on two days, so there are two or more days."
        return ""


def forecasts_of(release: Release, customer: Customer) -> dict[str, float]:
    """Return the forecasts of a customer that are known.

    They are `p_alive`, and `days_next_30`, `spend_next_30` and so on for each of HORIZONS, with
    their bounds. Raises LookupFailedError.
    """
    snapshot, first, days = customer.snapshot_date, customer.first_day, customer.active_days
    recency = customer.measures.get("recency")
    if CUSTOMER_VALUE.name not in release.versions:
        return {}
    if snapshot is None or first is None or days is None or recency is None:
        return {}
    spent = customer.measures.get("monetary", 0.0)
    known = Known(days, int(recency), (snapshot - first).days, spent)
    return _known_values(_row(release, _history(known)), spent)


def forecasts_for(release: Release, known: Known) -> dict[str, float]:
    """Return the same for someone who is not a customer of the release.

    Computed if no customer has this history; the mean of a segment is then unknown. Raises
    LookupFailedError.
    """
    if CUSTOMER_VALUE.name not in release.versions:
        return {}
    key = _history(known)
    return _known_values(_row(release, key) or _computed(release, key), known.spent)


def _history(known: Known) -> tuple[Array, Array, Array]:
    return history([known.active_days], [known.recency], [known.age])


def _known_values(row: dict[str, Any], spent: float | None) -> dict[str, float]:
    """Return the forecasts of a row of CUSTOMER_VALUE for a customer; `spent`: None if unknown."""
    names = [f"next_{horizon}{bound}" for horizon in HORIZONS for bound in BOUNDS]
    found = {"p_alive": row.get("p_alive")}
    found |= {f"days_{name}": row.get(f"days_{name}") for name in names}
    for name in names:
        base, share = (row.get(f"spend_{name}_{part}") for part in ("base", "share"))
        if base is not None and share is not None and spent is not None:
            found[f"spend_{name}"] = base + share * max(spent, 0.0)
    return {
        name: float(value)
        for name, value in found.items()
        if value is not None and not math.isnan(value)
    }


def _computed(release: Release, key: tuple[Array, Array, Array]) -> dict[str, Any]:
    """Return the row that the history of a single customer would have."""
    from bankseg_assets.value.forecast import ValueModel, score  # scipy takes half a second

    try:
        model = ValueModel.from_json(value_document(release))
    except (KeyError, TypeError):  # of an older release
        return {}
    scores = score(model, Patterns(*key, np.ones(1)), np.zeros(1))
    unknown = [
        what
        for what, by in (("days", model.days_by), ("spend", model.spend_by))
        if by == SEGMENT_MEAN
    ]
    return {
        name: float(value[0]) for name, value in scores.items() if name.split("_")[0] not in unknown
    }


def _row(release: Release, key: Any) -> dict[str, Any]:
    """Return the row of a history; empty if there is none."""
    import pyarrow.dataset as ds  # it imports pandas, which the API does not need to start

    try:
        table = ds.dataset(release.parquet_files(CUSTOMER_VALUE.name))
        repeats, last, age = (int(value[0]) for value in key)
        is_it = (
            (ds.field("repeats") == repeats) & (ds.field("last") == last) & (ds.field("age") == age)
        )
        rows: list[dict[str, Any]] = table.to_table(filter=is_it).to_pylist()
    except (DamagedVersionError, OSError, pa.ArrowException) as error:
        raise LookupFailedError(
            f"The {CUSTOMER_VALUE.name} of the release {release.name} cannot be read. Materialize "
            "again, or go back with `bankseg rollback`."
        ) from error
    return rows[0] if rows else {}
