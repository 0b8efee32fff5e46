"""Advice names the format that would read the quarantined dates."""

import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.cleaning.date_advice import date_advice
from bankseg_assets.contracts.delivery import ColumnRule

RULE = ColumnRule("Buchungstag", format="d/M/yyyy HH:mm")


def quarantine(
    folder: Path, dates: Sequence[str], reason: str = "invalid_transaction_date"
) -> Path:
    path = folder / "broken.parquet"
    texts = [json.dumps({"transaction_date": text}) for text in dates]
    pq.write_table(pa.table({"reason": [reason] * len(dates), "raw_text": texts}), path)
    return path


@pytest.mark.parametrize(
    ("dates", "advice"),
    [
        (["1/8/2016 9:05", "31/8/2016 0:10"], "read by 'd/M/yyyy H:mm': declare it as format"),
        (["1/8/2016 9:05"], "by 'd/M/yyyy H:mm' and by 'M/d/yyyy H:mm': ask the bank which"),
        (["02-Aug-2016", "2-AUG-2016"], "read by 'd-MMM-yyyy': declare it"),
        (["2016-08-02T14:32:07Z"], "read by 'yyyy-M-dTH:mm:ss.SSSXXX': declare it"),
        (["1/8/2016 9:05", "02-Aug-2016"], ""),
        (["tomorrow", ""], ""),
    ],
)
def test_advice_names_the_formats_that_fit(tmp_path: Path, dates: list[str], advice: str) -> None:
    found = date_advice([quarantine(tmp_path, dates)], RULE, rows_in=2 * len(dates))
    assert advice in found
    assert bool(advice) == bool(found)
    assert not any(text in found for text in dates if text)


def test_advice_is_silent_for_few_rows(tmp_path: Path) -> None:
    path = quarantine(tmp_path, ["1/8/2016 9:05"])
    assert date_advice([path], RULE, rows_in=11) == ""
    assert date_advice([quarantine(tmp_path, ["x"], "invalid_amount")], RULE, rows_in=1) == ""
    assert date_advice([], RULE, rows_in=1) == ""
