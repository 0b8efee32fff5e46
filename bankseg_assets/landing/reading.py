"""Fingerprint the settings of a contract that decide how a file is parsed."""

import hashlib
import json
from pathlib import Path
from typing import Any

from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract
from bankseg_assets.landing.files import MAGIC_ENCRYPTED, MAGIC_PARQUET, MAGIC_ZIP
from bankseg_assets.landing.joined_columns import IDS

PARSING_RULES = 2
"""Version of the parser. When raised, every accepted file is parsed again."""


def reading_of(contract: DeliveryContract, original: Path) -> str:
    """Return a SHA-256 of the contract's settings that affect how a file is parsed.

    Formats are included only if the file has typed values, which are written in them. Raises
    OSError.
    """
    with original.open("rb") as file:
        start = file.read(len(MAGIC_PARQUET))
    layout, rules = contract.layout, contract.columns
    is_parquet, is_sheet = start in (MAGIC_PARQUET, MAGIC_ENCRYPTED), start == MAGIC_ZIP
    said: dict[str, Any] = {
        "rules": PARSING_RULES,
        "columns": {ours: [rule.file_names, *_joined(ours, rule)] for ours, rule in rules.items()},
        "filters": [[one.column, one.keep, one.drop] for one in contract.row_filters],
    }
    if not is_parquet:
        said["layout"] = [layout.header_line, layout.footer_lines, layout.footer_starts_with]
    if not is_parquet and not is_sheet:
        said["text"] = [contract.delimiter, contract.encoding]
    else:
        said["typed"] = {ours: _typed(rule) for ours, rule in rules.items()}
        said["typed"]["."] = [bool(contract.time_zone), contract.decimals]
        day = rules.get("transaction_date")
        if is_parquet and contract.time_zone and day is not None and not day.has_time:
            said["typed"]["."].append(contract.time_zone)
    if is_sheet:
        said["sheet"] = layout.sheet
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _joined(ours: str, rule: ColumnRule) -> list[Any]:
    if not rule.names:
        return [""]
    return [rule.joined_by, *([bool(rule.pattern), rule.placeholders] if ours in IDS else [])]


def _typed(rule: ColumnRule) -> list[Any]:
    formats = [rule.format, rule.formats, rule.month_names]
    return [rule.decimal_separator, *formats, rule.converts]
