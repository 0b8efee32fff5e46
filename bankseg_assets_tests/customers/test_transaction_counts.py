"""Counts of transactions add up over files, exactly."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from bankseg_assets.customers.transaction_counts import TransactionCounts, count
from bankseg_assets_tests.frames import cleaned_frame

cells = st.dictionaries(
    st.one_of(st.none(), st.integers(-3, 3)),
    st.tuples(st.integers(1, 9), st.decimals("-99.99", "99.99", places=2)),
    max_size=4,
)
counts = st.builds(
    TransactionCounts,
    st.dictionaries(st.sampled_from(["hour", "age"]), cells),
    st.fixed_dictionaries({"age~hour:n": st.integers(0, 9)}),
)


def rows() -> list[dict[str, Any]]:
    """60 rows of two months, some without a balance, a birth date or a gender."""
    return [
        {
            "transaction_at": datetime(2016, 8, 1) + timedelta(days=n, hours=n % 5),
            "amount": Decimal(n * n + 1) / 100,
            "balance": None if n % 7 == 0 else Decimal(1000 - 3 * n),
            "birth_date": None if n % 9 == 0 else date(1950 + n, 1, 1),
            "gender": ("F", "M", None)[n % 3],
            "location": f"PLACE{n % 4}",
            "outlier_flags": "amount_high" if n > 55 else None,
            "direction": "income" if n % 10 == 0 else "spending",
        }
        for n in range(60)
    ]


@given(counts, counts)
def test_plus_and_minus_cancel(a: TransactionCounts, b: TransactionCounts) -> None:
    both = a.plus(b)
    assert both.to_json() == b.plus(a).to_json()
    assert both.plus(b, -1).plus(b) == both


@given(counts)
def test_document_holds_counts_exactly(found: TransactionCounts) -> None:
    document = json.loads(json.dumps(found.to_json()))
    assert TransactionCounts.from_json(document) == found


@pytest.mark.slow
def test_counts_of_parts_add_up(spark: SparkSession) -> None:
    whole, first, second = (
        count(cleaned_frame(spark, part), has_direction=True)
        for part in (rows(), rows()[:25], rows()[25:])
    )
    assert first.plus(second).to_json() == whole.to_json()
    assert whole.plus(second, -1).to_json() == first.to_json()
    assert whole.rows == 54
    assert whole.money == sum(row["amount"] for row in rows() if row["direction"] == "spending")
    assert {name: n for name, (n, _) in whole.cells["direction"].items()} == {
        "income": 6,
        "spending": 54,
    }


@pytest.mark.slow
def test_counts_are_those_of_the_rows(spark: SparkSession) -> None:
    found = count(cleaned_frame(spark, rows()))
    assert {value: n for value, (n, _) in found.cells["gender"].items()} == {
        "F": 20,
        "M": 20,
        None: 20,
    }
    assert found.missing("balance_bin") == 9
    assert found.missing("age") == 7
    assert found.cells["day"]["2016-08-03"] == (1, Decimal("0.05"))
    assert sum(n for n, _ in found.cells["weekday"].values()) == 60


@pytest.mark.slow
def test_pearson_is_that_of_the_rows(spark: SparkSession) -> None:
    found = count(cleaned_frame(spark, rows()))
    known = [row for row in rows() if row["balance"] is not None]
    exact = np.corrcoef(
        [np.log1p(float(row["balance"])) for row in known],
        [row["transaction_at"].hour for row in known],
    )[0, 1]
    n, r = found.pearson("log_balance", "hour")
    assert n == 51
    assert r == pytest.approx(exact, abs=2e-3)  # within a thousandth of a narrow logarithm


def test_pearson_of_a_constant_is_none() -> None:
    moments = {"age~hour:n": 3, "age~hour:x": 6, "age~hour:xx": 12, "age~hour:y": 6}
    found = TransactionCounts({}, moments | {"age~hour:yy": 14, "age~hour:xy": 12})
    assert found.pearson("age", "hour") == (3, None)
    assert TransactionCounts({}, {}).pearson("age", "hour") == (0, None)
