"""Dates and times that Spark's own patterns do not read, as cleaning reads them."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning import date_text
from bankseg_assets.cleaning.validation import validate
from bankseg_assets.contracts.date_formats import DateFormat
from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract
from bankseg_assets_tests.frames import Rows, raw_frame

CONTRACT = DeliveryContract()
OFFSET = "yyyy-MM-ddTHH:mm:ssXXX"
KOLKATA, NEW_YORK, LORD_HOWE = "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe"


def rule(*formats: str, **more: Any) -> ColumnRule:
    return ColumnRule("x", formats=formats, **more)


# Format, time zone, text -> local time.
MOMENTS: list[tuple[str, str, str, datetime | None]] = [
    ("d/M/yyyy H:mm", "", "1/8/2016 9:05", datetime(2016, 8, 1, 9, 5)),
    ("d/M/yyyy H:mm", "", "1/8/2016 19:05", datetime(2016, 8, 1, 19, 5)),
    ("d/M/yyyy H:mm", "", "30/2/2016 9:05", None),
    ("d/M/yyyy H:mm", "", "1/8/2016 25:05", None),
    ("d/M/yyyy h:mm a", "", "1/8/2016 12:05 a.m.", datetime(2016, 8, 1, 0, 5)),
    ("d/M/yyyy h:mm a", "", "1/8/2016 9:05\u202fpM", datetime(2016, 8, 1, 21, 5)),
    ("d/M/yy h:mm a", "", "29/2/16 12:59PM", datetime(2016, 2, 29, 12, 59)),
    ("dd-MMM-yy", "", "02-AUG-16", datetime(2016, 8, 2)),
    ("d MMMM yyyy", "", "2 august 2016", datetime(2016, 8, 2)),
    ("d MMMM yyyy", "", "2 augustus 2016", None),
    ("ddMMMyyyy:HH:mm:ss", "", "02AUG2016:14:32:07", datetime(2016, 8, 2, 14, 32, 7)),
    ("yyyyMMddHHmmssSSS", "", "20160802143207123", datetime(2016, 8, 2, 14, 32, 7, 123_000)),
    ("yyyy-MM-ddTHH:mm:ss.SSS", "", "2016-08-02T14:32:07", datetime(2016, 8, 2, 14, 32, 7)),
    ("d/M/yy H:mm:ss.S", "", "2/8/16 14:32:07.25", datetime(2016, 8, 2, 14, 32, 7, 250_000)),
    (OFFSET, KOLKATA, "2016-08-01T20:00:00Z", datetime(2016, 8, 2, 1, 30)),
    (OFFSET, KOLKATA, "2016-08-02T14:32:07+05:30", datetime(2016, 8, 2, 14, 32, 7)),
    (OFFSET, KOLKATA, "2016-08-02T14:32:07+0530", datetime(2016, 8, 2, 14, 32, 7)),
    (OFFSET, KOLKATA, "2016-08-02T14:32:07gmt+05:30", datetime(2016, 8, 2, 14, 32, 7)),
    (OFFSET, KOLKATA, "2016-08-02T14:32:07-03", datetime(2016, 8, 2, 23, 2, 7)),
    (OFFSET, KOLKATA, "2016-08-02T14:32:07", None),
    (OFFSET, KOLKATA, "2016-08-02T14:32:07+99:00", None),
    ("yyyy-MM-dd HH:mm:ss XXX", KOLKATA, "2016-08-01 20:00:00 utc", datetime(2016, 8, 2, 1, 30)),
    # The clocks go forward at 2:00, so that 2:30 is in no offset; and back, so that 1:30 is twice.
    ("yyyy-MM-dd HH:mm", NEW_YORK, "2016-03-13 02:30", datetime(2016, 3, 13, 2, 30)),
    ("yyyy-MM-dd HH:mmXXX", NEW_YORK, "2016-03-13 06:59Z", datetime(2016, 3, 13, 1, 59)),
    ("yyyy-MM-dd HH:mmXXX", NEW_YORK, "2016-03-13 07:00Z", datetime(2016, 3, 13, 3, 0)),
    ("yyyy-MM-dd HH:mmXXX", NEW_YORK, "2016-11-06 05:30Z", datetime(2016, 11, 6, 1, 30)),
    ("yyyy-MM-dd HH:mmXXX", NEW_YORK, "2016-11-06 06:30Z", datetime(2016, 11, 6, 1, 30)),
    ("yyyy-MM-dd HH:mmXXX", LORD_HOWE, "2016-10-01 15:30Z", datetime(2016, 10, 2, 2, 30)),
    *(
        ("d MMM yyyy h:mm a XXX", KOLKATA, f"2 Aug 2016 9:05 pm {offset}", at)
        for offset, at in (
            ("Z", datetime(2016, 8, 3, 2, 35)),
            ("utc", datetime(2016, 8, 3, 2, 35)),
            ("+05:30", datetime(2016, 8, 2, 21, 5)),
            ("+0530", datetime(2016, 8, 2, 21, 5)),
            ("GMT+05", datetime(2016, 8, 2, 21, 35)),
        )
    ),
    ("epoch_seconds", "UTC", "1470148327", datetime(2016, 8, 2, 14, 32, 7)),
    ("epoch_seconds", KOLKATA, "1470148327.0", datetime(2016, 8, 2, 20, 2, 7)),
    ("epoch_seconds", "UTC", "1470148327.25", datetime(2016, 8, 2, 14, 32, 7, 250_000)),
    ("epoch_seconds", "UTC", "-86400", datetime(1969, 12, 31)),
    ("epoch_seconds", "UTC", "1470148327000", None),
    ("epoch_seconds", "UTC", "9" * 30, None),
    ("epoch_milliseconds", "UTC", "1470148327123", datetime(2016, 8, 2, 14, 32, 7, 123_000)),
    ("epoch_milliseconds", "UTC", "1.47E+12", None),
    ("epoch_microseconds", "UTC", "1470148327123456", datetime(2016, 8, 2, 14, 32, 7, 123_456)),
    ("excel_serial", "", "42584", datetime(2016, 8, 2)),
    ("excel_serial", "", "42584.6056365741", datetime(2016, 8, 2, 14, 32, 7)),
    ("excel_serial", "", "42584.9999999", datetime(2016, 8, 3)),
    ("excel_serial", "", "60", None),
    ("excel_serial", "", "61", datetime(1900, 3, 1)),
    ("excel_serial", "", "9999999", None),
    ("excel_serial_day", "", "42584.0", datetime(2016, 8, 2)),
    ("excel_serial_day", "", "42584.5", None),
]


@pytest.mark.slow
def test_moment_reads_what_banks_write(spark: SparkSession) -> None:
    rows = [(number, text) for number, (_, _, text, _) in enumerate(MOMENTS)]
    read = F.lit(None).cast("timestamp_ntz")
    for declared in {(form, zone) for form, zone, _, _ in MOMENTS}:
        numbers = [number for number, row in enumerate(MOMENTS) if row[:2] == declared]
        one = date_text.moment(F.col("text"), rule(declared[0]), declared[1])
        read = F.when(F.col("number").isin(numbers), one).otherwise(read)
    frame = spark.createDataFrame(rows, "number int, text string")
    found = {
        row["number"]: row["read"] for row in frame.select("number", read.alias("read")).collect()
    }
    assert [(*MOMENTS[n][:3], found[n]) for n in range(len(MOMENTS))] == MOMENTS


FORMATS = ("d/M/yy", "dd-MM-yyyy", "d MMM yyyy", "MMMM d, yyyy", "yyyyMMdd", "d.M.yyyy h:mm a")
MOMENTS_WRITTEN = st.builds(
    lambda form, moment, padded: DateFormat(form).write(moment, padded=padded),
    *(st.sampled_from(FORMATS), st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1))),
    st.booleans(),
)
LIKE_DATES = st.one_of(
    MOMENTS_WRITTEN, st.text("0123456789/-. :,aApPmMJjunéK\u212a\u0661\n", max_size=14)
)


@pytest.mark.slow
@given(st.lists(LIKE_DATES, min_size=60, max_size=120))
@settings(max_examples=3, deadline=None)
def test_spark_and_python_read_alike(spark: SparkSession, texts: list[str]) -> None:
    """What is refused as ambiguous when a contract is loaded is what Spark would read twice."""
    frame = spark.createDataFrame([(text,) for text in texts], "text string")
    columns = [date_text.moment(F.col("text"), rule(form), "") for form in FORMATS]
    for row, text in zip(frame.select(*columns).collect(), texts, strict=True):
        assert list(row) == [DateFormat(form).read(text) for form in FORMATS], text


def validated(
    spark: SparkSession, rows: Rows, changes: dict[str, dict[str, Any]], time_zone: str = ""
) -> list[Row]:
    rules = {
        name: replace(one, **changes.get(name, {}))
        for name, one in CONTRACT.columns.items()
        if name != "transaction_time" or changes.get(name)
    }
    contract = replace(CONTRACT, columns=rules, time_zone=time_zone)
    found = validate(raw_frame(spark, rows), contract, not_after=F.lit(date(2021, 1, 1))).collect()
    return sorted(found, key=lambda row: row["row_number"])


@pytest.mark.slow
def test_validate_reads_several_formats_in_one_column(spark: SparkSession) -> None:
    """A four-digit birth year keeps its century, although the other format has two digits."""
    rows = [
        *({"birth_date": text} for text in ("1/2/17", "01-Feb-1917", "01-Feb-2017", "1/2/2017")),
        *({"transaction_time": text} for text in ("2:32 pm", "2:32", "14:32:07.5", "2:32 xm", "")),
        *({"transaction_date": text} for text in ("02-AUG-2016", "2016-08-02", "02/Aug/2016")),
    ]
    rows = [{"transaction_time": "2:32 PM", "transaction_date": "2/8/16"} | row for row in rows]
    dates = ("d/M/yy", "dd-MMM-yyyy")
    changes: dict[str, dict[str, Any]] = {
        "birth_date": {"format": "", "formats": dates},
        "transaction_date": {"format": "", "formats": dates},
        "transaction_time": {"format": "h:mm a"},
    }
    found = validated(spark, rows, changes)
    assert [row["birth_date"] for row in found[:3]] == [date(1917, 2, 1), date(1917, 2, 1), None]
    assert [row["reason"] for row in found] == [
        *(None, None, None, "invalid_birth_date"),
        *(None, "invalid_transaction_time", None),
        *("invalid_transaction_time", "invalid_transaction_time"),
        *(None, None, "invalid_transaction_date"),
    ]
    assert found[4]["transaction_at"] == datetime(2016, 8, 2, 14, 32)
    assert found[6]["transaction_at"] == datetime(2016, 8, 2, 14, 32, 7, 500_000)
    assert found[9]["transaction_at"] == datetime(2016, 8, 2, 14, 32)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("minimum", "formats", "days"),
    [
        (None, ("d/M/yy",), {"1/8/98": None, "1/8/16": date(2016, 8, 1)}),
        (date(2001, 1, 1), ("d/M/yy",), {"1/8/98": None}),
        (
            date(1990, 1, 1),
            ("d/M/yy", "d/M/yyyy"),
            {
                **{"1/8/98": date(1998, 8, 1), "31/12/99": date(1999, 12, 31)},
                **{"1/1/21": date(2021, 1, 1), "2/1/21": None, "1/8/89": None},
                **{"1/8/2098": None, "2098-08-01": None, "1/8/1998": date(1998, 8, 1)},
            },
        ),
    ],
)
def test_validate_takes_the_latest_century_that_the_contract_allows(
    spark: SparkSession,
    minimum: date | None,
    formats: tuple[str, ...],
    days: dict[str, date | None],
) -> None:
    date_rule = (
        {"formats": formats, "minimum": minimum} if len(formats) > 1 else {"minimum": minimum}
    )
    rows = [{"transaction_date": text, "birth_date": ""} for text in days]
    found = validated(spark, rows, {"transaction_date": date_rule})
    kept = [None if row["reason"] else row["transaction_at"].date() for row in found]
    assert dict(zip(days, kept, strict=True)) == days
    refused = {row["reason"] for row in found if row["reason"]}
    assert refused <= {"transaction_date_in_the_future", "invalid_transaction_date"}


@pytest.mark.slow
@pytest.mark.parametrize("form", ["yyyy-MM-dd HH:mm", "d MMM yyyy H:mm", "yyyy-MM-dd HH:mmXXX"])
def test_validate_converts_instants_and_no_other_text(spark: SparkSession, form: str) -> None:
    """Local times stay, and no date ends the query or the collection of its rows."""
    texts = ("2016-08-01 20:00:00Z", "2016-08-02T01:30:00+05:30", "2016-08-02 01:30:00")
    damaged = ("0000-01-01 00:00Z", "+294248-01-01 00:00Z", "9999-12-31 23:59Z", "2016-08-02 1Z")
    rows = [{"transaction_date": text} for text in (*texts, *damaged)]
    found = validated(spark, rows, {"transaction_date": {"format": form}}, KOLKATA)
    assert [row["transaction_at"] for row in found[:3]] == [datetime(2016, 8, 2, 1, 30)] * 3
    assert all(row["reason"] for row in found[3:])
    without = validated(spark, rows[:1], {"transaction_date": {"format": "yyyy-MM-dd HH:mm"}})
    assert [row["reason"] for row in without] == ["invalid_transaction_date"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ("epoch_seconds", ("0", "0.0")),
        ("epoch_milliseconds", ("1470148327", "0")),
        ("epoch_microseconds", ("1470148327", "1470148327123")),
    ],
)
def test_epochs_of_another_unit_are_implausible(
    spark: SparkSession, form: str, wrong: tuple[str, ...]
) -> None:
    """Seconds read as milliseconds fall in January 1970, and so does a zero for a missing date."""
    rows = [{"transaction_id": f"T{n}", "transaction_date": text} for n, text in enumerate(wrong)]
    for zone in ("America/New_York", KOLKATA):
        found = validated(spark, rows, {"transaction_date": {"format": form}}, zone)
        assert {row["reason"] for row in found} == {"implausible_transaction_date"}
    old = {"format": form, "minimum": date(1960, 1, 1)}
    found = validated(spark, rows, {"transaction_date": old}, KOLKATA)
    assert {row["reason"] for row in found} == {None}


@pytest.mark.slow
def test_excel_days_end_before_year_10000(spark: SparkSession) -> None:
    """Rounded to a second, the end of the last day has a year that Python cannot have."""
    texts = ("2958465.9999999", "2958466", "2999999.5")
    rows = [{"transaction_id": f"T{n}", "transaction_date": text} for n, text in enumerate(texts)]
    found = validated(spark, rows, {"transaction_date": {"format": "excel_serial"}}, "UTC")
    assert {row["reason"] for row in found} == {"invalid_transaction_date"}
