"""Forecasts of a customer of a release, and how good such forecasts are."""

from typing import Any

import pyarrow as pa

from bankseg_assets.contracts.tables import CUSTOMER_VALUE, HORIZONS
from bankseg_assets.lookup.customer import Customer, LookupFailedError
from bankseg_assets.release.releases import Release
from bankseg_assets.storage.documents import read_document
from bankseg_assets.storage.version_store import DamagedVersionError
from bankseg_assets.value.patterns import history

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
    row = _row(release, history([days], [recency], [(snapshot - first).days]))
    spent = max(customer.measures.get("monetary", 0.0), 0.0)
    names = [f"next_{horizon}{bound}" for horizon in HORIZONS for bound in BOUNDS]
    found = {"p_alive": row.get("p_alive")}
    found |= {f"days_{name}": row.get(f"days_{name}") for name in names}
    for name in names:
        base, share = (row.get(f"spend_{name}_{part}") for part in ("base", "share"))
        found[f"spend_{name}"] = None if base is None or share is None else base + share * spent
    return {name: float(value) for name, value in found.items() if value is not None}


def _row(release: Release, key: Any) -> dict[str, Any]:
    """Return the row of a history; empty if there is none."""
    import pyarrow.dataset as ds  # it imports pandas, which the API does not need to start

    try:
        files = [str(path) for path in release.files(CUSTOMER_VALUE.name)]
        table = ds.dataset([file for file in files if file.endswith(".parquet")])
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
