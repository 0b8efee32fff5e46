"""Dates and times as banks write them: month names, AM and PM, offsets, epochs, Excel's numbers.

The layout of a text is what `date_formats` says; which days there are, Spark's `try_cast` knows. No
text ends the query: years have four digits here, and an instant has a local time in every time
zone, whatever the clocks do that day.
"""

from functools import reduce
from operator import or_

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.date_formats import EPOCHS, EXCEL_DAY, NUMBERS, DateFormat, ambiguity
from bankseg_assets.delivery import ColumnRule

SEPARATOR = "\x1f"
MICROSECONDS = {"epoch_seconds": 1_000_000, "epoch_milliseconds": 1_000, "epoch_microseconds": 1}
# Excel's day 60 is a 29 February 1900 that never was: the days before have other numbers.
EXCEL_DAYS = r"\A(6[1-9]|[7-9][0-9]|[1-9][0-9]{2,5}|[12][0-9]{6})"
EXCEL_ZERO = "DATE'1899-12-30'"
SECONDS_A_DAY = 86_400
FIRST_MOMENT = "TIMESTAMP_NTZ'0001-01-01 00:00:00'"
LAST_MOMENT = "TIMESTAMP_NTZ'9999-12-31 23:59:59.999999'"
ISO_TIME = DateFormat("HH:mm:ss.SSSSSS")
ISO_WITH_OFFSET = (
    DateFormat("yyyy-MM-dd'T'HH:mm:ss.SSSXXX"),
    DateFormat("yyyy-MM-dd HH:mm:ss.SSSXXX"),
)


def moment(text: Column, rule: ColumnRule, time_zone: str) -> Column:
    """Return the bank's local time by one of the declared formats; null where none fits."""
    return _of_any(text, rule.readers, time_zone)


def iso_with_offset(text: Column, time_zone: str) -> Column:
    """Return the bank's local time of an ISO text with an offset; null for any other."""
    return _of_any(text, ISO_WITH_OFFSET, time_zone)


def time_of_day(text: Column, rule: ColumnRule) -> Column:
    """Return microseconds since midnight by one of the declared formats; null where none fits.

    Also by ISO's, as typed Parquet columns are written, where that is the same time.
    """
    forms = rule.readers
    if ambiguity((*forms, ISO_TIME)) is None:
        forms = (*forms, ISO_TIME)
    return F.unix_micros(_of_any(text, forms, "").cast("timestamp"))


def has_full_year(text: Column, rule: ColumnRule) -> Column | None:
    """Say whether a text is of a declared format with four digits; None where there is none."""
    full = [text.rlike(form.spark_pattern) for form in rule.readers if not form.has_two_digit_year]
    return reduce(or_, full) if full else None


def _of_any(text: Column, forms: tuple[DateFormat, ...], time_zone: str) -> Column:
    found = F.coalesce(*(_moment(text, form, time_zone) for form in forms))
    # No date of Python's is outside: who collects the rows would raise.
    return F.when(found.between(*map(F.expr, (FIRST_MOMENT, LAST_MOMENT))), found)


def _moment(text: Column, form: DateFormat, time_zone: str) -> Column:
    if form.text in EPOCHS:
        return _of_epoch(text, form.text, time_zone)
    if form.text in NUMBERS:
        return _of_excel(text, with_time=form.text != EXCEL_DAY)
    pattern = form.spark_pattern
    groups = SEPARATOR.join(f"${number}" for number in range(1, len(form.fields) + 1))
    values = F.split(F.regexp_replace(text, pattern, groups), SEPARATOR)
    said = {field[0]: F.get(values, F.lit(place)) for place, field in enumerate(form.fields)}
    if "yy" in form.fields:
        said["y"] = F.concat(F.lit("20"), said["y"])
    if "MMM" in form.fields or "MMMM" in form.fields:
        said["M"] = _number_of_month(said["M"], form)
    if "a" in form.fields:
        said["H"] = _hour_of_day(said["h"], said["a"])
    local = F.concat(
        *(said.get("y", F.lit("1970")), F.lit("-")),
        *(said.get("M", F.lit("1")), F.lit("-")),
        *(said.get("d", F.lit("1")), F.lit(" ")),
        *(said.get("H", F.lit("0")), F.lit(":")),
        *(said.get("m", F.lit("0")), F.lit(":")),
        *(said.get("s", F.lit("0")), F.lit(".")),
        said.get("S", F.lit("")),
    )
    if "X" in said:
        instant = F.concat(local, F.upper(said["X"])).try_cast("timestamp")
        return F.when(text.rlike(pattern), _in_zone(instant, time_zone))
    return F.when(text.rlike(pattern), local.try_cast("timestamp_ntz"))


def _in_zone(instant: Column, time_zone: str) -> Column:
    utc = instant.cast("timestamp_ntz")  # the session's time zone is UTC
    return F.convert_timezone(F.lit("UTC"), F.lit(time_zone), utc)


def _number_of_month(name: Column, form: DateFormat) -> Column:
    pairs = [F.lit(part) for name, number in form.months.items() for part in (name, str(number))]
    return F.element_at(F.create_map(*pairs), F.lower(name))


def _hour_of_day(hour: Column, half: Column) -> Column:
    afternoon = F.when(F.lower(half).startswith("p"), 12).otherwise(0)
    return (hour.try_cast("int") % 12 + afternoon).cast("string")


def _of_epoch(text: Column, unit: str, time_zone: str) -> Column:
    """Return the local time of a count since 1970; a float column writes `1470148327.0`."""
    counted = text.rlike(rf"\A-?[0-9]{{1,{EPOCHS[unit]}}}(\.[0-9]{{1,9}})?\z")
    micros = (text.try_cast("decimal(38,9)") * MICROSECONDS[unit]).try_cast("bigint")
    return F.when(counted, _in_zone(F.timestamp_micros(micros), time_zone))


def _of_excel(text: Column, *, with_time: bool) -> Column:
    """Return the local time of a day's number; its fraction is rounded to a second, as shown."""
    fraction = r"(\.[0-9]{1,15})?" if with_time else r"(\.0)?"
    seconds = F.round(text.try_cast("decimal(38,15)") * SECONDS_A_DAY).try_cast("bigint")
    midnight = F.expr(EXCEL_ZERO).cast("timestamp_ntz")
    found = F.timestamp_add("SECOND", seconds, midnight)
    return F.when(text.rlike(rf"{EXCEL_DAYS}{fraction}\z"), found)
