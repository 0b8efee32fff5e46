"""Suggest date formats that would read the quarantined dates."""

import json
from collections.abc import Iterable
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.dataset as ds

from bankseg_assets.contracts.date_formats import fitting
from bankseg_assets.contracts.delivery import ColumnRule

SAMPLE_ROWS = 200
LEAST_SHARE = 0.1  # of all rows; fewer may be typing errors, which another format reads by chance


def date_advice(quarantined: Iterable[Path], rule: ColumnRule, *, rows_in: int) -> str:
    """Return advice on formats that read a sample of the quarantined dates, or an empty text.

    Empty if few dates are quarantined or no format fits. `rule`: of the transaction's date.
    `rows_in`: number of delivered rows.
    """
    paths = sorted(map(str, quarantined))
    if not paths:
        return ""
    rows = ds.dataset(paths)
    is_date = pc.field("reason") == "invalid_transaction_date"
    count = rows.count_rows(filter=is_date)
    if count < LEAST_SHARE * rows_in:
        return ""
    sample = rows.head(SAMPLE_ROWS, columns=["raw_text"], filter=is_date)
    dates = {
        json.loads(text).get("transaction_date", "").strip()
        for text in sample["raw_text"].to_pylist()
    }
    found = fitting(dates)
    if not found:
        return ""
    declared = ", ".join(rule.formats or (rule.format,))
    advice = (
        f"{count:,} of {rows_in:,} rows are quarantined because {rule.name!r} is not of the format "
        f"{declared!r}. {len(dates):,} of their dates were tried: all are read by "
        f"{' and by '.join(map(repr, found))}: "
    )
    if len(found) > 1:
        return advice + "ask the bank which, and declare it as format in the contract."
    return advice + "declare it as format in the contract, or both as formats."
