"""The quarantined rows as a bank delivers them, for correction and redelivery.

The columns are the contract's, and four more for the reason and the row's origin, which are ignored
with a warning on redelivery. A record that could not be split into fields is in the column
`record`.
"""

import json
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow.dataset as ds

from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract
from bankseg_assets.presentation.csv_export import to_csv

RECORD = "record"
EXTRA = ("reason", "source_file", "row_number")


class QuarantinedRow(NamedTuple):
    """A row that violates a rule, and where it came from."""

    raw_text: str
    reason: str
    source_file: str
    row_number: int


def quarantined_rows(
    version: Path, contract: DeliveryContract, *, reason: str = "", most: int | None = None
) -> pd.DataFrame:
    """Return the rows of a version that violate a rule, with the contract's column names.

    Duplicates are excluded: one copy of each was kept. `reason`: only rows of this one. `most`:
    only so many rows, of the first files.
    """
    files = sorted(map(str, version.glob("*.parquet")))
    rows = [
        _fields(row.raw_text, contract) | {name: getattr(row, name) for name in EXTRA}
        for row in _read(files, reason, most)
    ]
    return pd.DataFrame(rows, columns=[*contract.file_columns, *EXTRA, RECORD], dtype=object)


def corrections_csv(rows: pd.DataFrame, contract: DeliveryContract) -> bytes:
    """Return rows as a CSV file in the contract's dialect, which the platform takes back."""
    encoding = "utf-8-sig" if contract.encoding == "utf-8" else contract.encoding
    return to_csv(rows, delimiter=contract.delimiter, encoding=encoding)


def _read(files: list[str], reason: str, most: int | None) -> list[QuarantinedRow]:
    if not files:  # nothing was quarantined yet
        return []
    wanted = ds.field("disposition") == "quarantined"
    if reason:
        wanted &= ds.field("reason") == reason
    dataset, columns = ds.dataset(files), list(QuarantinedRow._fields)
    if most is None:
        table = dataset.to_table(columns, filter=wanted)
    else:
        table = dataset.head(most, columns=columns, filter=wanted)
    order = [("source_file", "ascending"), ("row_number", "ascending")]
    return [QuarantinedRow(**row) for row in table.sort_by(order).to_pylist()]


def _fields(raw_text: str, contract: DeliveryContract) -> dict[str, str | int | None]:
    """Return a row's fields by the contract's column names, or its record unchanged."""
    try:
        found = json.loads(raw_text)
    except ValueError:
        found = None
    # A malformed record may be valid JSON too, such as `12` or `null`.
    if not isinstance(found, dict):
        return {RECORD: raw_text}
    fields: dict[str, str | int | None] = {}
    for ours, rule in contract.columns.items():
        fields |= _delivered(rule, found.get(ours))
    # The row passed the row filters, and must pass them again on redelivery.
    kept = {one.column: one.keep[0] for one in contract.row_filters if one.keep}
    return kept | fields


def _delivered(rule: ColumnRule, text: str | None) -> dict[str, str | int | None]:
    """Return the file columns of a value; one that cannot be split goes into the first."""
    if not rule.names:
        return {rule.name: text}
    parts = (text or "").split(rule.joined_by) if rule.joined_by else []
    if len(parts) != len(rule.names):
        parts = [text or "", *("" for _ in rule.names[1:])]
    return dict(zip(rule.names, parts, strict=True))
