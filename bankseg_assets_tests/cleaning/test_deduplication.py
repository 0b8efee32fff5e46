"""Rows of the same transaction are kept once or not at all, in any order of arrival."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import Column, Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.deduplication import day_of_grace, verdicts
from bankseg_assets.cleaning.outliers import outlier_flags
from bankseg_assets.cleaning.validation import broken, keep, repeats, validate
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets_tests.cleaning.repeated_ids import repeated_ids
from bankseg_assets_tests.frames import Rows, raw_frame

pytestmark = pytest.mark.slow

CONTRACT = DeliveryContract()


def not_after() -> Column:
    """Return a day after every transaction here; a function, because it needs a session."""
    return F.lit(date(2021, 1, 1))


def clean(
    spark: SparkSession, rows: Rows, winners: Sequence[str] = ()
) -> tuple[list[Row], list[Row]]:
    """Return the kept and the quarantined rows."""
    raw = raw_frame(spark, rows)
    validated = validate(raw, CONTRACT, not_after=not_after())
    with repeated_ids(raw, None, CONTRACT) as repeated:
        found = verdicts(raw, repeated, CONTRACT, not_after=not_after(), winners=list(winners))
        quarantined = broken(validated).unionByName(repeats(raw, found))
        return keep(validated, found, outlier_flags({})).collect(), quarantined.collect()


def places(rows: Sequence[Row]) -> set[tuple[str, int]]:
    return {(row["delivery"], row["row_number"]) for row in rows}


def copy(name: str, number: int, *, delivery: str = "d1", **change: Any) -> dict[str, Any]:
    return {"transaction_id": name, "row_number": number, "delivery": delivery, **change}


def test_repeated_transactions_are_kept_once_or_not_at_all(spark: SparkSession) -> None:
    kept, quarantined = clean(
        spark,
        [
            *(copy("T1", 5), copy("T1", 2), copy("T1", 9), copy("T1", 1, delivery="d2")),
            *(copy("T2", 10), copy("T2", 11, location=" pune", amount="25.00")),
            *(copy("T3", 20), copy("T3", 21, amount="26")),
            *(copy("T4", 30), copy("T4", 31), copy("T4", 32, customer_id="C2")),
            *(copy("T5", 40, amount="x"), copy("T5", 41), copy("T5", 42, gender="?")),
            *(copy("T6", 50, gender="M", location=""), copy("T6", 51, gender="", location="M")),
            *(copy("T7", 60, balance=""), copy("T7", 61, balance="0")),
            *(copy("T8", 70, transaction_time="1"), copy("T8", 71, transaction_time="2")),
            copy("T9", 80),
        ],
    )
    assert places(kept) == {("d1", number) for number in (2, 10, 41, 80)}
    reasons = {(row["delivery"], row["row_number"]): row for row in quarantined}
    assert {place: row["reason"] for place, row in reasons.items()} == {
        **dict.fromkeys([("d1", 5), ("d1", 9), ("d2", 1), ("d1", 11)], "duplicate"),
        **{
            ("d1", number): "conflicting_duplicate"
            for number in (20, 21, 30, 31, 32, 50, 51, 60, 61, 70, 71)
        },
        ("d1", 40): "invalid_amount",
        ("d1", 42): "invalid_gender",
    }
    for row in quarantined:
        is_copy = row["reason"] == "duplicate"
        assert row["disposition"] == ("duplicate" if is_copy else "quarantined")
    assert json.loads(reasons["d1", 11]["raw_text"])["location"] == " pune"
    assert json.loads(reasons["d1", 21]["raw_text"])["amount"] == "26"


def test_a_correction_wins_over_rows_that_contradict_it(spark: SparkSession) -> None:
    kept, quarantined = clean(
        spark,
        [
            *(copy("T1", 2), copy("T1", 3, amount="26"), copy("T1", 9, delivery="c", amount="27")),
            *(copy("T2", 4), copy("T2", 10, delivery="c")),
            *(copy("T3", 5), copy("T3", 11, delivery="c", amount="x")),
            *(copy("T4", 12, delivery="c"), copy("T4", 13, delivery="c", amount="26")),
        ],
        winners=["c"],
    )
    assert places(kept) == {("c", 9), ("c", 10), ("d1", 5)}
    assert {(row["delivery"], row["row_number"]): row["reason"] for row in quarantined} == {
        **dict.fromkeys([("d1", 2), ("d1", 3)], "corrected"),
        ("d1", 4): "duplicate",
        ("c", 11): "invalid_amount",
        **dict.fromkeys([("c", 12), ("c", 13)], "conflicting_duplicate"),
    }
    assert [row["reason"] for row in quarantined if row["disposition"] == "duplicate"] == [
        "duplicate"
    ]


@pytest.mark.parametrize(("order", "winner"), [(["b", "c"], "c"), (["c", "b"], "b")])
def test_the_later_of_two_corrections_wins(
    spark: SparkSession, order: list[str], winner: str
) -> None:
    """The ledger defines which is later, not the order of rows or names."""
    rows = [
        *(copy("T1", 2), copy("T1", 3, delivery="b", amount="26")),
        *(copy("T1", 4, delivery="c", amount="27"), copy("T2", 5, delivery="b", amount="1")),
        *(copy("T2", 6, delivery="c", amount="1"), copy("T2", 7)),
    ]
    kept, quarantined = clean(spark, rows, winners=order)
    assert {(row["transaction_id"], row["delivery"]) for row in kept} == {
        ("T1", winner),
        ("T2", winner),
    }
    assert sorted(row["reason"] for row in quarantined) == ["corrected"] * 3 + ["duplicate"]


def test_ids_are_compared_in_normalised_form(spark: SparkSession) -> None:
    """Deduplication normalises IDs as cleaning does, so no transaction is kept twice."""
    texts = ["T1", "T1\t", "\u00a0T1", "\u200bT1\ufeff", "17850.0", "17850", "017850"]
    kept, quarantined = clean(spark, [copy(text, number) for number, text in enumerate(texts, 2)])
    assert sorted(row["transaction_id"] for row in kept) == ["017850", "17850", "T1"]
    assert [row["reason"] for row in quarantined] == ["duplicate"] * 4


def test_ids_are_compared_with_earlier_deliveries(spark: SparkSession) -> None:
    before = raw_frame(spark, [copy("T1", 2), copy("T2", 3), copy("T2", 4), copy("T3", 5)])
    arrived = raw_frame(
        spark, [copy(" T1", 2), copy("T1", 3), copy("T3", 4), copy("T4", 5), copy("T5", 6)] * 1
    )
    # T2 was repeated earlier, and is not new.
    for others, repeated in ((before, {"T1", "T3"}), (None, {"T1"})):
        with repeated_ids(arrived, others, CONTRACT) as found:
            assert {row[0] for row in found.collect()} == repeated


RAW_ROWS = st.fixed_dictionaries(
    {
        "transaction_id": st.sampled_from(
            ["T1", "T1\t", "T2", "\ufeffT2", "T3", "3.0", "3", "", None, "T 6", "NULL"]
        ),
        "customer_id": st.sampled_from(["C1", "C1", "C1", "C2", ""]),
        "gender": st.sampled_from(["M", "F", "", None, "?"]),
        "location": st.sampled_from(["PUNE", "pune ", "M", "", None, "A\nB"]),
        "balance": st.sampled_from(["1", "1.00", "", "-1"]),
        "amount": st.sampled_from(["5", "5.0", "6", "x"]),
        "malformed_text": st.sampled_from([None, None, None, None, "T1,C1", ""]),
        "delivery": st.sampled_from(["d1", "d2", "c"]),
    }
)


@given(st.lists(RAW_ROWS, min_size=40, max_size=120))
@settings(max_examples=4, deadline=None)
def test_every_row_is_kept_or_quarantined_exactly_once(
    spark: SparkSession, rows: list[dict[str, Any]]
) -> None:
    kept, quarantined = clean(spark, rows, winners=["c"])
    found = [row["row_number"] for row in [*kept, *quarantined]]
    assert sorted(found) == list(range(2, len(rows) + 2))
    ids = [row["transaction_id"] for row in kept]
    assert len(set(ids)) == len(ids)
    assert all(row["raw_text"] is not None and row["reason"] for row in quarantined)


@pytest.mark.parametrize(
    ("delivery", "reason"), [("old", "transaction_date_in_the_future"), ("new", None)]
)
def test_verdict_uses_the_day_of_the_delivery(
    spark: SparkSession, delivery: str, reason: str | None
) -> None:
    raw = raw_frame(spark, [copy("T1", 2, delivery=delivery, transaction_date="4/8/16")])
    days = day_of_grace({"old": date(2016, 8, 2), "new": date(2016, 8, 3)})
    (row,) = validate(raw, CONTRACT, not_after=days).collect()
    assert row["reason"] == reason
