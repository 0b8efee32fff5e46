"""Write the quarantined rows as CSV for correction and redelivery: `./bankseg quarantine`.

    ./bankseg quarantine > rows.csv

The columns are the contract's, and four more for the reason and the row's origin, which are ignored
with a warning on redelivery. A record that could not be split into fields is in the column
`record`.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow.dataset as ds

from bankseg_assets.contracts.delivery import (
    ColumnRule,
    ContractError,
    DeliveryContract,
    load_contract,
)
from bankseg_assets.presentation.csv_export import to_csv
from bankseg_assets.runtime.settings import SettingsError, load_settings
from bankseg_assets.storage.version_store import NothingPublishedError, VersionStore
from ops.exit_codes import reports

RECORD = "record"
_EXTRA = ("reason", "source_file", "row_number")


@reports(SettingsError, ContractError, NothingPublishedError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Write the newest version's rows to stdout and their number to stderr."""
    argparse.ArgumentParser(
        prog="bankseg quarantine",
        description="Write the quarantined rows as CSV, to correct and deliver again.",
    ).parse_args(arguments)
    settings = load_settings()
    contract = load_contract(settings.contract)
    version = VersionStore(settings.published_dir).latest("quarantined_transactions")
    rows = quarantined_rows(version, contract)
    encoding = "utf-8-sig" if contract.encoding == "utf-8" else contract.encoding
    content = to_csv(rows, delimiter=contract.delimiter, encoding=encoding)
    sys.stdout.buffer.write(content)
    print(f"{len(rows):,} quarantined rows of {version.name}.", file=sys.stderr)
    return 0


class QuarantinedRow(NamedTuple):
    """A row that violates a rule, and where it came from."""

    raw_text: str
    reason: str
    source_file: str
    row_number: int


def quarantined_rows(version: Path, contract: DeliveryContract) -> pd.DataFrame:
    """Return the rows of a version that violate a rule, with the contract's column names.

    Duplicates are excluded: one copy of each was kept.
    """
    rows = [
        _fields(row.raw_text, contract) | {name: getattr(row, name) for name in _EXTRA}
        for row in _read(sorted(map(str, version.glob("*.parquet"))))
    ]
    return pd.DataFrame(rows, columns=[*contract.file_columns, *_EXTRA, RECORD], dtype=object)


def _read(files: list[str]) -> list[QuarantinedRow]:
    if not files:  # nothing was quarantined yet
        return []
    wanted = ds.field("disposition") == "quarantined"
    table = ds.dataset(files).to_table(list(QuarantinedRow._fields), filter=wanted)
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


if __name__ == "__main__":
    sys.exit(main())
