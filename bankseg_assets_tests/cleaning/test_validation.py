"""Every raw row is typed, repaired, validated, and kept or quarantined exactly once."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.validation import broken, keep, validate
from bankseg_assets.contracts.delivery import OPTIONAL, ColumnRule, DeliveryContract
from bankseg_assets_tests.frames import RAW_ROW, Rows, raw_frame

CONTRACT = DeliveryContract()
NOT_AFTER = date(2021, 1, 1)

MALFORMED = dict.fromkeys(CONTRACT.header) | {"malformed_text": "T1,C1"}

# Change in a sound row -> the reason of its quarantine.
REFUSED: list[tuple[dict[str, Any], str]] = [
    (MALFORMED, "wrong_number_of_fields"),
    *(
        ({"transaction_id": text}, "missing_transaction_id")
        for text in ("", None, "  ", "\u00a0\ufeff", "NULL", "n/a", "-")
    ),
    *(
        ({"transaction_id": text}, "invalid_transaction_id")
        for text in ("T 1", "=1+1", "T1;--", "T" + "1" * 19, "T", "T\uff11")
    ),
    *(
        ({"customer_id": text}, "missing_customer_id")
        for text in ("", None, "nan", "NaN", "None", "NULL ", "N/A", "-", "0", "000", "0.0", "?")
    ),
    *(
        ({"customer_id": text}, "invalid_customer_id")
        for text in ("C-1", "<b>1</b>", "C\u200b1", "C\t1", "1.5", "1.0.2", "1.78E+11")
    ),
    *(
        ({"transaction_date": text}, "invalid_transaction_date")
        for text in (
            "",
            None,
            "31/2/16",
            "8/15/16",
            "2/8/2016",
            "0/1/16",
            "nan",
            "2016-13-01",
            "0000-01-01",
        )
    ),
    *(
        ({"transaction_date": text}, "implausible_transaction_date")
        for text in ("1016-08-02", "0001-01-01", "1899-12-31", "1582-10-10")
    ),
    ({"transaction_date": "9999-12-31"}, "transaction_date_in_the_future"),
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
            "-1",
            "1-",
            "(1)",
            "1,000",
            "NaN",
            "Infinity",
            "1e400",
            "0." + "1" * 400,
            ".",
            "-",
            "-.",
            "\uff19",
            "0x1",
        )
    ),
    ({"amount": "1" * 16}, "invalid_amount"),
    *(({"amount": text}, "amount_with_too_many_decimals") for text in ("12.345", "12.3401")),
    ({"balance": "1e-3"}, "balance_with_too_many_decimals"),
    ({"amount": "USD 5"}, "amount_in_other_currency"),
    ({"balance": "5 \u20ac"}, "balance_in_other_currency"),
    ({"amount": "25\n1"}, "invalid_amount"),
    *(({"amount": text}, "implausible_amount") for text in ("9" * 15, "100000000000000.01")),
    ({"balance": "9" * 15 + ".99"}, "implausible_balance"),
    ({"transaction_date": "2016-08-12 and more"}, "invalid_transaction_date"),
    *(({"balance": text}, "invalid_balance") for text in ("-0.01", "nan", "e3")),
    *(({"birth_date": text}, "invalid_birth_date") for text in ("31/2/90", "x", "1/1/1990")),
    *(({"gender": text}, "invalid_gender") for text in ("X", "Male", "=M")),
    *(({"location": text}, "invalid_location") for text in ("PU\tNE", "A\r\nB", "\x00", "B\x7f")),
    # The first rule that a row breaks is its reason.
    ({"gender": "X", "amount": "-1", "transaction_time": "x"}, "invalid_transaction_time"),
    (MALFORMED | {"customer_id": "C-1"}, "wrong_number_of_fields"),
]

# Change in a sound row, column -> the value that is kept.
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
    # The year has four digits: no century to choose, and no birth after the transaction.
    ({"birth_date": "2020-01-10"}, "birth_date", None),
    ({"birth_date": "1906-08-02"}, "birth_date", date(1906, 8, 2)),
    ({"birth_date": "1905-08-03"}, "birth_date", date(1905, 8, 3)),  # 110 until tomorrow
    ({"birth_date": "1905-08-02"}, "birth_date", None),
    ({"birth_date": "1700-01-10"}, "birth_date", None),
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
    *(({"amount": text}, "amount", Decimal("25.00")) for text in ("25\n", "\t25", "25\u00a0")),
    ({"amount": "-0.0"}, "amount", Decimal("0.00")),
    ({"amount": ".47"}, "amount", Decimal("0.47")),
    ({"amount": "500."}, "amount", Decimal("500.00")),
    ({"amount": "111.3100"}, "amount", Decimal("111.31")),
    ({"amount": "1.5" + "0" * 400}, "amount", Decimal("1.50")),
    *(({"amount": text}, "amount", Decimal(5)) for text in ("+5", "5E0", "Rs. 5/-", "INR5.00")),
    ({"balance": "1.5E+3"}, "balance", Decimal("1500.00")),
    # IDR, VND: USD 4 billion in one transaction.
    ({"amount": "1" + "0" * 14}, "amount", Decimal(10) ** 14),
    ({"transaction_id": " T7 "}, "transaction_id", "T7"),
    ({"transaction_id": "0"}, "transaction_id", "0"),  # a bank may count from 0
    ({"customer_id": "123"}, "customer_id", "123"),
    ({"customer_id": "00123"}, "customer_id", "00123"),
    ({"customer_id": "17850.0"}, "customer_id", "17850"),
    ({"customer_id": "0017850.0\u200b"}, "customer_id", "0017850"),
    *(
        ({"customer_id": text}, "customer_id", "C1")
        for text in ("C1\t", "\u00a0C1 ", "\u200bC1", "C1\u2060", "\ufeffC1\u200f", "\u3000C1\r\n")
    ),
    ({"location": "PUNE\t"}, "location", "PUNE"),
    ({"location": "NAVI \u200bMUMBAI"}, "location", "NAVI MUMBAI"),
    ({"gender": "\u00a0f"}, "gender", "F"),
    ({"transaction_date": "2/8/16\u00a0"}, "transaction_at", datetime(2016, 8, 2, 14, 32, 7)),
    ({"transaction_time": "\t5"}, "transaction_at", datetime(2016, 8, 2, 0, 0, 5)),
    ({"birth_date": "nan\u200b"}, "birth_date", None),
]


def cases(changes: Sequence[dict[str, Any]]) -> list[str]:
    return [", ".join(f"{name}={value!r}" for name, value in c.items()) for c in changes]


@pytest.fixture(scope="module")
def validated(spark: SparkSession) -> list[Row]:
    """The validated row of every case above, in one pass."""
    rows = [change for change, _ in REFUSED] + [change for change, _, _ in TAKEN]
    found = validate(raw_frame(spark, rows), CONTRACT, not_after=F.lit(NOT_AFTER)).collect()
    return sorted(found, key=lambda row: row["row_number"])


@pytest.mark.parametrize("place", range(len(REFUSED)), ids=cases([change for change, _ in REFUSED]))
def test_row_is_quarantined_for_the_first_broken_rule(validated: list[Row], place: int) -> None:
    change, reason = REFUSED[place]
    row = validated[place]
    assert row["reason"] == reason
    if "malformed_text" in change:
        assert row["raw_text"] == change["malformed_text"]
    else:
        delivered = {name: (RAW_ROW | change)[name] for name in CONTRACT.header}
        known = {name: value for name, value in delivered.items() if value is not None}
        assert json.loads(row["raw_text"]) == known


@pytest.mark.parametrize("place", range(len(TAKEN)), ids=cases([c for c, _, _ in TAKEN]))
def test_a_value_is_typed_and_repaired(validated: list[Row], place: int) -> None:
    _, column, expected = TAKEN[place]
    row = validated[len(REFUSED) + place]
    assert row["reason"] is None
    assert row["raw_text"] is None
    assert row[column] == expected


def test_every_reason_is_tested(validated: list[Row]) -> None:
    assert {row["reason"] for row in validated} == {reason for _, reason in REFUSED} | {None}
    assert len({reason for _, reason in REFUSED}) == 20


def columns(**changes: dict[str, Any]) -> dict[str, ColumnRule]:
    """The default contract's columns with some rules changed."""
    return {name: replace(rule, **changes.get(name, {})) for name, rule in CONTRACT.columns.items()}


def validate_by(spark: SparkSession, rules: dict[str, ColumnRule], rows: Rows) -> list[Row]:
    contract = replace(CONTRACT, columns=rules)
    found = validate(raw_frame(spark, rows), contract, not_after=F.lit(NOT_AFTER)).collect()
    return sorted(found, key=lambda row: row["row_number"])


@pytest.mark.slow
def test_another_contract_reads_its_own_dates(spark: SparkSession) -> None:
    date_format = {"format": "MM-dd-yyyy"}
    rules = columns(transaction_date=date_format, birth_date=date_format | {"placeholders": ("?",)})
    rows = [
        {"transaction_date": "08-02-2016", "birth_date": "01-10-1994"},
        {"transaction_date": "08-02-2016", "birth_date": "01-10-2020"},
        {"transaction_date": "08-02-2016", "birth_date": "?"},
        {"transaction_date": "2/8/16", "birth_date": "?"},
    ]
    first, future, placeholder, wrong = validate_by(spark, rules, rows)
    assert first["transaction_at"].date() == date(2016, 8, 2)
    assert first["birth_date"] == date(1994, 1, 10)
    assert [future["birth_date"], placeholder["birth_date"]] == [None, None]
    assert wrong["reason"] == "invalid_transaction_date"


@pytest.mark.slow
@pytest.mark.parametrize("form", ["yyyy-MM-dd", "d/M/yyyy", "yyyy-MM-dd HH:mm:ss", "yyyyMMdd"])
def test_no_date_fails_the_query(spark: SparkSession, form: str) -> None:
    """Java reads signed years of nine digits, and Spark then raised in spite of `try_to_date`."""
    rules = columns(
        transaction_date={"format": form}, birth_date={"format": form.partition(" ")[0]}
    )
    if "HH" in form:
        del rules["transaction_time"]
    years = ("+294248", "+999999999", "-999999999", "10000", "+10000", "-0001", "9999", "0000")
    days = ("{}-01-02", "2/1/{}", "{}0102")
    texts = [
        day.format(year) + time for day in days for year in years for time in ("", " 00:00:00")
    ]
    rows = [{"transaction_date": one, "birth_date": ""} for one in texts]
    rows += [{"transaction_date": "2016-01-02 00:00:00", "birth_date": one} for one in texts]
    found = validate_by(spark, rules, rows)
    assert {row["reason"] for row in found[: len(texts)]} <= {
        "invalid_transaction_date",
        "implausible_transaction_date",
        "transaction_date_in_the_future",
    }
    assert {row["birth_date"] for row in found[len(texts) :]} == {None}


@pytest.mark.slow
def test_a_contract_may_widen_what_is_plausible(spark: SparkSession) -> None:
    rules = columns(
        transaction_date={"minimum": date(1850, 1, 1)},
        amount={"maximum": Decimal(10) ** 15, "minimum": None},
    )
    rows = [
        {"transaction_date": "1850-01-01"},
        {"amount": "9" * 15},
        {"amount": "-100000000000000"},
        {"amount": "-100000000000000.01"},
    ]
    assert [row["reason"] for row in validate_by(spark, rules, rows)] == [
        *(None, None, None),
        "implausible_amount",
    ]


@pytest.mark.slow
def test_validate_uses_the_day_of_the_delivery(spark: SparkSession) -> None:
    raw = raw_frame(spark, [{"delivery": "d1"}, {"delivery": "d2"}])
    own = F.when(F.col("delivery") == "d1", F.lit(date(2016, 8, 1))).otherwise(F.lit(NOT_AFTER))
    found = validate(raw, CONTRACT, not_after=own).collect()
    assert {row["delivery"]: row["reason"] for row in found} == {
        "d1": "transaction_date_in_the_future",
        "d2": None,
    }


@pytest.mark.slow
def test_missing_columns_are_null_and_time_is_midnight(spark: SparkSession) -> None:
    rules = {name: rule for name, rule in CONTRACT.columns.items() if name not in OPTIONAL}
    (row,) = validate_by(spark, rules, [dict.fromkeys(OPTIONAL)])
    assert row["reason"] is None
    assert [row[n] for n in ("birth_date", "gender", "location", "balance")] == [None] * 4
    assert row["transaction_at"] == datetime(2016, 8, 2)


@pytest.mark.slow
def test_a_value_may_be_translated_bounded_and_matched(spark: SparkSession) -> None:
    rules = columns(
        gender={"values": {"MALE": "M", "FEMALE": "F", "M": "M"}},
        amount={"minimum": Decimal("-5"), "maximum": Decimal("9.5"), "decimal_separator": ","},
        balance={"minimum": None, "nullable": False},
        location={"pattern": "[A-Z]+", "nullable": False},
        transaction_date={"minimum": date(2016, 1, 1), "maximum": date(2016, 12, 31)},
        transaction_time={"format": "HH:mm", "nullable": True},
    )
    sound = {"gender": "female", "amount": "-4,5", "balance": "-1", "transaction_time": "9:05"}
    changes: list[tuple[dict[str, Any], str | None]] = [
        ({}, None),
        ({"gender": "F"}, "invalid_gender"),
        ({"amount": "4.5"}, "invalid_amount"),
        ({"amount": "9,51"}, "invalid_amount"),
        ({"amount": "-5,01"}, "invalid_amount"),
        ({"balance": ""}, "invalid_balance"),
        ({"location": ""}, "invalid_location"),
        ({"location": "PUNE 1"}, "invalid_location"),
        ({"transaction_date": "31/12/15"}, "invalid_transaction_date"),
        ({"transaction_date": "1/1/17"}, "invalid_transaction_date"),
        ({"transaction_time": "24:00"}, "invalid_transaction_time"),
        ({"transaction_time": ""}, None),
    ]
    rows = validate_by(spark, rules, [sound | change for change, _ in changes])
    assert [row["reason"] for row in rows] == [reason for _, reason in changes]
    first, last = rows[0], rows[-1]
    assert (first["gender"], first["amount"]) == ("F", Decimal("-4.50"))
    assert first["transaction_at"] == datetime(2016, 8, 2, 9, 5)
    assert last["transaction_at"] == datetime(2016, 8, 2)


@pytest.mark.slow
def test_every_row_is_kept_or_quarantined(spark: SparkSession) -> None:
    raw = raw_frame(spark, [{"transaction_id": "T1"}, {"transaction_id": "T2", "amount": "x"}])
    validated = validate(raw, CONTRACT, not_after=F.lit(NOT_AFTER))
    (kept,), (quarantined,) = (
        keep(validated, None, F.lit("x")).collect(),
        broken(validated).collect(),
    )
    assert (kept["transaction_id"], kept["outlier_flags"]) == ("T1", "x")
    assert (quarantined["disposition"], quarantined["reason"]) == ("quarantined", "invalid_amount")
