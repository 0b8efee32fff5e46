"""Every raw row is typed, repaired and judged, and ends up kept or set aside exactly once."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import Row, SparkSession

from bankseg_assets.delivery import DeliveryContract
from bankseg_assets.transforms.cleaning import (
    Fences,
    duplicates,
    judge,
    keep,
    outlier_fences,
    set_aside,
)
from bankseg_assets_tests.transforms.frames import RAW_ROW, Rows, raw_frame

CONTRACT = DeliveryContract()
NOT_AFTER = date(2021, 1, 1)

MALFORMED = dict.fromkeys(CONTRACT.header) | {"malformed_text": "T1,C1"}

# What is changed in a sound row -> the reason for which it is set aside.
REFUSED: list[tuple[dict[str, Any], str]] = [
    (MALFORMED, "wrong_number_of_fields"),
    *(({"transaction_id": text}, "missing_transaction_id") for text in ("", None, "  ")),
    *(
        ({"transaction_id": text}, "invalid_transaction_id")
        for text in ("T 1", "=1+1", "T1;--", "T" + "1" * 19, "T", "T\uff11")
    ),
    *(({"customer_id": text}, "missing_customer_id") for text in ("", None)),
    *(({"customer_id": text}, "invalid_customer_id") for text in ("C-1", "<b>1</b>", "nan")),
    *(
        ({"transaction_date": text}, "invalid_transaction_date")
        for text in ("", None, "31/2/16", "8/15/16", "2/8/2016", "0/1/16", "nan", "2016-13-01")
    ),
    ({"transaction_date": "2/1/21"}, "transaction_date_in_the_future"),
    *(
        ({"transaction_time": text}, "invalid_transaction_time")
        for text in (
            "",
            None,
            "240000",
            "236000",
            "235960",
            "1234567",
            "-1",
            "1e3",
            "14:32",
            "\u0967",
        )
    ),
    *(
        ({"amount": text}, "invalid_amount")
        for text in (
            "",
            None,
            "1e3",
            "+5",
            "12.345",
            "-1",
            "1,000",
            "NaN",
            ".5",
            "5.",
            "\uff19",
            "0x1",
        )
    ),
    ({"amount": "1" * 16}, "invalid_amount"),
    *(({"balance": text}, "invalid_balance") for text in ("-0.01", "1e3", "nan", "9.999")),
    *(({"birth_date": text}, "invalid_birth_date") for text in ("31/2/90", "x", "1/1/1990")),
    *(({"gender": text}, "invalid_gender") for text in ("X", "Male", "=M")),
    *(({"location": text}, "invalid_location") for text in ("PU\tNE", "A\r\nB", "\x00", "B\x7f")),
    # The first rule that a row breaks is its reason.
    ({"gender": "X", "amount": "-1", "transaction_time": "x"}, "invalid_transaction_time"),
    (MALFORMED | {"customer_id": "C-1"}, "wrong_number_of_fields"),
]

# What is changed in a sound row, the column to look at -> the value that is kept.
TAKEN: list[tuple[dict[str, Any], str, Any]] = [
    ({}, "transaction_at", datetime(2016, 8, 2, 14, 32, 7)),
    ({"transaction_date": "12/8/16"}, "transaction_at", datetime(2016, 8, 12, 14, 32, 7)),
    ({"transaction_date": "01/09/16"}, "transaction_at", datetime(2016, 9, 1, 14, 32, 7)),
    ({"transaction_date": "29/2/16"}, "transaction_at", datetime(2016, 2, 29, 14, 32, 7)),
    ({"transaction_date": "2016-08-12"}, "transaction_at", datetime(2016, 8, 12, 14, 32, 7)),
    (
        {"transaction_date": "2016-08-12 00:00:00"},
        "transaction_at",
        datetime(2016, 8, 12, 14, 32, 7),
    ),
    ({"transaction_date": "1/1/21"}, "transaction_at", datetime(2021, 1, 1, 14, 32, 7)),
    ({"transaction_time": "0"}, "transaction_at", datetime(2016, 8, 2)),
    ({"transaction_time": "5"}, "transaction_at", datetime(2016, 8, 2, 0, 0, 5)),
    ({"transaction_time": "130"}, "transaction_at", datetime(2016, 8, 2, 0, 1, 30)),
    ({"transaction_time": "235959"}, "transaction_at", datetime(2016, 8, 2, 23, 59, 59)),
    ({"birth_date": "1/2/17"}, "birth_date", date(1917, 2, 1)),
    ({"birth_date": "1/2/68"}, "birth_date", date(1968, 2, 1)),
    ({"birth_date": "1/2/69"}, "birth_date", date(1969, 2, 1)),
    ({"birth_date": "29/2/64"}, "birth_date", date(1964, 2, 29)),
    ({"birth_date": "1/2/00"}, "birth_date", date(2000, 2, 1)),
    ({"birth_date": "1/2/16"}, "birth_date", date(2016, 2, 1)),
    ({"birth_date": "1/2/18"}, "birth_date", date(1918, 2, 1)),
    ({"birth_date": "1/2/18", "transaction_date": "2/8/20"}, "birth_date", date(2018, 2, 1)),
    ({"birth_date": "1994-01-10"}, "birth_date", date(1994, 1, 10)),
    ({"birth_date": "2/8/16"}, "birth_date", date(2016, 8, 2)),
    ({"birth_date": "3/8/16"}, "birth_date", None),
    *(({"birth_date": text}, "birth_date", None) for text in ("1/1/1800", "nan", "", None, " ")),
    *(({"gender": text}, "gender", kept) for text, kept in (("T", "T"), ("m ", "M"))),
    *(({"gender": text}, "gender", None) for text in ("", None)),
    ({"location": "  navi   mumbai "}, "location", "NAVI MUMBAI"),
    ({"location": "PUNE\u00a0"}, "location", "PUNE"),
    ({"location": "NEW\u00a0\u2009DELHI\u3000"}, "location", "NEW DELHI"),
    ({"location": "Bogotá"}, "location", "BOGOTÁ"),
    ({"location": 'A, "B" <script>'}, "location", 'A, "B" <SCRIPT>'),
    *(({"location": text}, "location", None) for text in ("", None, " \u00a0")),
    *(({"balance": text}, "balance", None) for text in ("", None, " ")),
    ({"balance": "0"}, "balance", Decimal("0.00")),
    ({"amount": "1762.5"}, "amount", Decimal("1762.50")),
    ({"amount": "0"}, "amount", Decimal("0.00")),
    ({"amount": " 25 "}, "amount", Decimal("25.00")),
    ({"amount": "9" * 15 + ".99"}, "amount", Decimal("9" * 15 + ".99")),
    ({"transaction_id": " T7 "}, "transaction_id", "T7"),
    ({"customer_id": "123"}, "customer_id", "123"),
]


def cases(changes: Sequence[dict[str, Any]]) -> list[str]:
    return [", ".join(f"{name}={value!r}" for name, value in c.items()) for c in changes]


@pytest.fixture(scope="module")
def judged(spark: SparkSession) -> list[Row]:
    """The judgement of every case above, in one pass."""
    rows = [change for change, _ in REFUSED] + [change for change, _, _ in TAKEN]
    found = judge(raw_frame(spark, rows), CONTRACT, not_after=NOT_AFTER).collect()
    return sorted(found, key=lambda row: row["row_number"])


@pytest.mark.parametrize("place", range(len(REFUSED)), ids=cases([change for change, _ in REFUSED]))
def test_a_row_is_set_aside_for_the_first_rule_that_it_breaks(
    judged: list[Row], place: int
) -> None:
    change, reason = REFUSED[place]
    row = judged[place]
    assert row["reason"] == reason
    if "malformed_text" in change:
        assert row["raw_text"] == change["malformed_text"]
    else:
        delivered = {name: (RAW_ROW | change)[name] for name in CONTRACT.header}
        known = {name: value for name, value in delivered.items() if value is not None}
        assert json.loads(row["raw_text"]) == known


@pytest.mark.parametrize("place", range(len(TAKEN)), ids=cases([c for c, _, _ in TAKEN]))
def test_a_value_is_typed_and_repaired(judged: list[Row], place: int) -> None:
    _, column, expected = TAKEN[place]
    row = judged[len(REFUSED) + place]
    assert row["reason"] is None
    assert row["raw_text"] is None
    assert row[column] == expected


def test_every_reason_is_tested(judged: list[Row]) -> None:
    assert {row["reason"] for row in judged} == {reason for _, reason in REFUSED} | {None}
    assert len({reason for _, reason in REFUSED}) == 13


def test_another_contract_reads_its_own_dates(spark: SparkSession) -> None:
    contract = DeliveryContract(
        date_format="MM-dd-yyyy", two_digit_years=False, birth_date_placeholders=("?",)
    )
    rows = [
        {"transaction_date": "08-02-2016", "birth_date": "01-10-1994"},
        {"transaction_date": "08-02-2016", "birth_date": "01-10-2020"},
        {"transaction_date": "08-02-2016", "birth_date": "?"},
        {"transaction_date": "2/8/16", "birth_date": "?"},
    ]
    found = judge(raw_frame(spark, rows), contract, not_after=NOT_AFTER)
    by_row = {row["row_number"]: row for row in found.collect()}
    assert by_row[2]["transaction_at"].date() == date(2016, 8, 2)
    assert by_row[2]["birth_date"] == date(1994, 1, 10)
    assert [by_row[number]["birth_date"] for number in (3, 4)] == [None, None]
    assert by_row[5]["reason"] == "invalid_transaction_date"


def clean(spark: SparkSession, rows: Rows) -> tuple[list[Row], list[Row]]:
    """Return the rows that are kept and those that are set aside."""
    raw = raw_frame(spark, rows)
    judged = judge(raw, CONTRACT, not_after=NOT_AFTER)
    found = duplicates(raw, CONTRACT, not_after=NOT_AFTER)
    return keep(judged, found, {}).collect(), set_aside(judged, found, raw).collect()


def places(rows: Sequence[Row]) -> set[tuple[str, int]]:
    return {(row["delivery"], row["row_number"]) for row in rows}


def test_repeated_transactions_are_kept_once_or_not_at_all(spark: SparkSession) -> None:
    def copy(name: str, number: int, *, delivery: str = "d1", **change: Any) -> dict[str, Any]:
        return {"transaction_id": name, "row_number": number, "delivery": delivery, **change}

    kept, aside = clean(
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
    reasons = {(row["delivery"], row["row_number"]): row for row in aside}
    assert {place: row["reason"] for place, row in reasons.items()} == {
        **dict.fromkeys([("d1", 5), ("d1", 9), ("d2", 1), ("d1", 11)], "duplicate"),
        **{
            ("d1", number): "conflicting_duplicate"
            for number in (20, 21, 30, 31, 32, 50, 51, 60, 61, 70, 71)
        },
        ("d1", 40): "invalid_amount",
        ("d1", 42): "invalid_gender",
    }
    for row in aside:
        is_copy = row["reason"] == "duplicate"
        assert row["disposition"] == ("duplicate" if is_copy else "quarantined")
    assert json.loads(reasons["d1", 11]["raw_text"])["location"] == " pune"
    assert json.loads(reasons["d1", 21]["raw_text"])["amount"] == "26"


RAW_ROWS = st.fixed_dictionaries(
    {
        "transaction_id": st.sampled_from(["T1", "T2", "T3", "T4", "T5", "", None, "T 6"]),
        "customer_id": st.sampled_from(["C1", "C1", "C1", "C2", ""]),
        "gender": st.sampled_from(["M", "F", "", None, "?"]),
        "location": st.sampled_from(["PUNE", "pune ", "M", "", None, "A\nB"]),
        "balance": st.sampled_from(["1", "1.00", "", "-1"]),
        "amount": st.sampled_from(["5", "5.0", "6", "x"]),
        "malformed_text": st.sampled_from([None, None, None, None, "T1,C1", ""]),
    }
)


@given(st.lists(RAW_ROWS, min_size=40, max_size=120))
@settings(max_examples=4, deadline=None)
def test_every_row_is_kept_or_set_aside_exactly_once(
    spark: SparkSession, rows: list[dict[str, Any]]
) -> None:
    kept, aside = clean(spark, rows)
    found = [row["row_number"] for row in [*kept, *aside]]
    assert sorted(found) == list(range(2, len(rows) + 2))
    ids = [row["transaction_id"] for row in kept]
    assert len(set(ids)) == len(ids)
    assert all(row["raw_text"] is not None and row["reason"] for row in aside)


def test_without_duplicates_nothing_is_joined_and_nothing_lost(spark: SparkSession) -> None:
    rows = [{"transaction_id": "T1"}, {"transaction_id": "T2", "amount": "x"}]
    raw = raw_frame(spark, rows)
    judged = judge(raw, CONTRACT, not_after=NOT_AFTER)
    assert places(keep(judged, None, {}).collect()) == {("d1", 2)}
    assert places(set_aside(judged, None, raw).collect()) == {("d1", 3)}


def test_fences_are_tukeys_on_the_logarithm(spark: SparkSession) -> None:
    amounts = np.round(np.expm1(np.linspace(2, 6, 101)), 2)
    rows = [
        {"transaction_id": f"T{place}", "amount": f"{value:.2f}", "balance": ""}
        for place, value in enumerate(amounts)
    ]
    rows += [
        {"transaction_id": f"T{place}", "amount": amount, "balance": "-1"}
        for place, amount in enumerate(("-1", "x", "", None), 1000)
    ]
    fences = outlier_fences(raw_frame(spark, rows))
    # Quartiles 3 and 5 of log(1 + x): 3 - 1.5 * 2 = 0 and 5 + 1.5 * 2 = 8.
    assert fences.keys() == {"amount"}
    assert np.log1p(fences["amount"].low) == pytest.approx(0, abs=0.02)
    assert np.log1p(fences["amount"].high) == pytest.approx(8, abs=0.02)


def test_outliers_are_flagged_and_never_dropped(spark: SparkSession) -> None:
    fences = {"amount": Fences(10, 100), "balance": Fences(1, 1000)}
    values = [("5", "50"), ("10", "1000"), ("100", ""), ("101", "0"), ("5", "9999"), ("100.01", "")]
    rows = [
        {"transaction_id": f"T{place}", "amount": amount, "balance": balance}
        for place, (amount, balance) in enumerate(values)
    ]
    judged = judge(raw_frame(spark, rows), CONTRACT, not_after=NOT_AFTER)
    kept = keep(judged, None, fences).collect()
    assert {row["transaction_id"]: row["outlier_flags"] for row in kept} == {
        "T0": "amount_low",
        "T1": None,
        "T2": None,
        "T3": "amount_high,balance_low",
        "T4": "amount_low,balance_high",
        "T5": "amount_high",
    }
