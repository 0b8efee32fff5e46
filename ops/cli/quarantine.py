"""Write the quarantined rows as a file to correct and deliver again: `./bankseg quarantine`.

    ./bankseg quarantine > rows.csv

The columns are those that the contract asks for. Four more say what is wrong and where the row
came from; delivered again, they are set aside with a warning. A record that could not be split
into fields stands whole in the column `record`.
"""

import json
import sys
from pathlib import Path
from typing import Any

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

REFUSED = 2
RECORD = "record"
_EXTRA = ("reason", "source_file", "row_number")


def main() -> int:
    """Write the rows of the newest version to stdout, and their number to stderr."""
    try:
        settings = load_settings()
        contract = load_contract(settings.contract)
        version = VersionStore(settings.published_dir).latest("quarantined_transactions")
    except (SettingsError, ContractError, NothingPublishedError) as error:
        print(f"bankseg: {error}", file=sys.stderr)
        return REFUSED
    rows = quarantined_rows(version, contract)
    encoding = "utf-8-sig" if contract.encoding == "utf-8" else contract.encoding
    content = to_csv(rows, delimiter=contract.delimiter, encoding=encoding)
    sys.stdout.buffer.write(content)
    print(f"{len(rows):,} quarantined rows of {version.name}.", file=sys.stderr)
    return 0


def quarantined_rows(version: Path, contract: DeliveryContract) -> pd.DataFrame:
    """Return the rows of a version that broke a rule, as the contract names the columns.

    Duplicates are left out: the row that they repeat was kept.
    """
    rows = [
        _fields(row["raw_text"], contract) | {name: row[name] for name in _EXTRA}
        for row in _read(sorted(map(str, version.glob("*.parquet"))))
    ]
    return pd.DataFrame(rows, columns=[*contract.file_columns, *_EXTRA, RECORD], dtype=object)


def _read(files: list[str]) -> list[dict[str, Any]]:
    if not files:  # nothing was ever set aside
        return []
    wanted = ds.field("disposition") == "quarantined"
    table = ds.dataset(files).to_table(["raw_text", *_EXTRA], filter=wanted)
    order = [("source_file", "ascending"), ("row_number", "ascending")]
    found: list[dict[str, Any]] = table.sort_by(order).to_pylist()
    return found


def _fields(raw_text: str, contract: DeliveryContract) -> dict[str, Any]:
    """Return the delivered fields of a row by the contract's names, or the record as it came."""
    try:
        found = json.loads(raw_text)
    except ValueError:
        found = None
    # A malformed record may be JSON too: `12`, or `null`.
    if not isinstance(found, dict):
        return {RECORD: raw_text}
    fields: dict[str, Any] = {}
    for ours, rule in contract.columns.items():
        fields |= _delivered(rule, found.get(ours))
    # A filter kept the row, and is to keep it again.
    kept = {one.column: one.keep[0] for one in contract.row_filters if one.keep}
    return kept | fields


def _delivered(rule: ColumnRule, text: str | None) -> dict[str, Any]:
    """Return the columns of the file that a value came from; what cannot be split, in the first."""
    if not rule.names:
        return {rule.name: text}
    parts = (text or "").split(rule.joined_by) if rule.joined_by else []
    if len(parts) != len(rule.names):
        parts = [text or "", *("" for _ in rule.names[1:])]
    return dict(zip(rule.names, parts, strict=True))


if __name__ == "__main__":
    sys.exit(main())
