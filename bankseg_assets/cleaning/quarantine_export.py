"""The quarantined rows as a bank delivers them, for correction and redelivery.

The columns are the contract's, and four more for the reason and the row's origin, which are ignored
with a warning on redelivery. A record that could not be split into fields is in the column
`record`.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds

from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract
from bankseg_assets.presentation.csv_export import to_csv

RECORD = "record"
ID = "transaction_id"
EXTRA = ("reason", "source_file", "row_number")


class QuarantinedRow(NamedTuple):
    """A row that violates a rule, and where it came from."""

    raw_text: str
    reason: str
    source_file: str
    row_number: int


def quarantined_rows(
    version: Path,
    contract: DeliveryContract,
    *,
    kept: Path | None = None,
    reason: str = "",
    most: int | None = None,
) -> pd.DataFrame:
    """Return the rows of a version that violate a rule, with the contract's column names.

    Duplicates are excluded: one copy of each was kept. `kept`: the version of the clean rows, to
    leave out rows that were corrected: those with the ID of a transaction that is clean meanwhile.
    `reason`: only rows of this one. `most`: only so many rows, of the first files.
    """
    found: list[QuarantinedRow] = []
    for part in _parts(version, contract, kept, reason):
        found += part if most is None else part[: most - len(found)]
        if len(found) == most:
            break
    found.sort(key=lambda row: (row.source_file, row.row_number))
    rows = [
        _fields(row.raw_text, contract) | {name: getattr(row, name) for name in EXTRA}
        for row in found
    ]
    return pd.DataFrame(rows, columns=[*contract.file_columns, *EXTRA, RECORD], dtype=object)


def reasons_to_correct(version: Path, contract: DeliveryContract, kept: Path) -> Counter[str]:
    """Return reason -> number of the rows that were not corrected meanwhile."""
    parts = _parts(version, contract, kept, "")
    return Counter(row.reason for part in parts for row in part)


def corrections_csv(rows: pd.DataFrame, contract: DeliveryContract) -> bytes:
    """Return rows as a CSV file in the contract's dialect, which the platform takes back."""
    encoding = "utf-8-sig" if contract.encoding == "utf-8" else contract.encoding
    return to_csv(rows, delimiter=contract.delimiter, encoding=encoding)


def _parts(
    version: Path, contract: DeliveryContract, kept: Path | None, reason: str
) -> Iterator[list[QuarantinedRow]]:
    """Yield the quarantined rows in parts, without those whose transaction is kept."""
    files = sorted(map(str, version.glob("*.parquet")))
    if not files:  # nothing was quarantined yet
        return
    wanted = ds.field("disposition") == "quarantined"
    if reason:
        wanted &= ds.field("reason") == reason
    columns = list(QuarantinedRow._fields)
    for batch in ds.dataset(files).to_batches(columns=columns, filter=wanted):
        rows = [QuarantinedRow(**row) for row in batch.to_pylist()]
        yield _not_corrected(rows, contract, kept) if kept else rows


def _not_corrected(
    rows: list[QuarantinedRow], contract: DeliveryContract, kept: Path
) -> list[QuarantinedRow]:
    rule = contract.columns.get(ID)
    # Within a smaller scope, another transaction may have the same ID.
    if rule is None or rule.unique_per:
        return rows
    clean = ds.dataset(sorted(map(str, kept.glob("*.parquet"))))
    if ID not in clean.schema.names:
        return rows
    ids = [str((_values(row.raw_text) or {}).get(ID) or "").strip() for row in rows]
    same = ds.field(ID).isin(pa.array({*ids} - {""}, pa.string()))
    corrected = {*clean.to_table([ID], filter=same)[ID].to_pylist()}
    return [row for row, one in zip(rows, ids, strict=True) if one not in corrected]


def _values(raw_text: str) -> dict[str, Any] | None:
    """Return a row's values by the platform's names; None for a malformed record."""
    try:
        found = json.loads(raw_text)
    except ValueError:
        return None
    # A malformed record may be valid JSON too, such as `12` or `null`.
    return found if isinstance(found, dict) else None


def _fields(raw_text: str, contract: DeliveryContract) -> dict[str, str | int | None]:
    """Return a row's fields by the contract's column names, or its record unchanged."""
    found = _values(raw_text)
    if found is None:
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
