"""Parse dates and times: month names, AM and PM, offsets, epochs, Excel's day numbers.

`date_formats` defines the layout of a text; Spark's `try_cast` validates the day. No text fails the
query: years have four digits here, and an instant has a local time in every time zone, whatever the
clock changes that day.
"""

from functools import reduce
from operator import or_

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.date_formats import EPOCHS, EXCEL_DAY, NUMBERS, DateFormat, ambiguity
from bankseg_assets.contracts.delivery import ColumnRule

START, NAME = "\x1f\x1e", "\x1e"
OFFSETS = {
    r"(?:UTC|GMT)(?=[+-])": "",
    r"([+-]\d\d)(\d\d)\z": "$1:$2",
    r"([+-]\d\d)\z": "$1:00",
}
"""Spellings that only a cast accepts -> the spelling that patterns accept, too."""
HALF_DAYS, ZONE = "yyyy-M-d h:m:s.[SSSSSSSSS] a", "VV"
MICROSECONDS = {"epoch_seconds": 1_000_000, "epoch_milliseconds": 1_000, "epoch_microseconds": 1}
# Excel's day 60 is 29 February 1900, which did not exist: earlier days are off by one.
EXCEL_DAYS = r"\A(6[1-9]|[7-9][0-9]|[1-9][0-9]{2,5}|[12][0-9]{6})"
EXCEL_END = 2_958_466
"""Year 10000, beyond Python's date range."""
EXCEL_ZERO = "DATE'1899-12-30'"
SECONDS_A_DAY = 86_400
ISO_TIME = DateFormat("HH:mm:ss.SSSSSS")
ISO_WITH_OFFSET = (
    DateFormat("yyyy-MM-dd'T'HH:mm:ss.SSSXXX"),
    DateFormat("yyyy-MM-dd HH:mm:ss.SSSXXX"),
)


def moment(text: Column, rule: ColumnRule, time_zone: str) -> Column:
    """Return the bank's local time by one of the declared formats; null if none fits."""
    return _of_any(text, rule.readers, time_zone)


def iso_with_offset(text: Column, time_zone: str) -> Column:
    """Return the bank's local time of an ISO text with an offset; null for any other."""
    return _of_any(text, ISO_WITH_OFFSET, time_zone)


def time_of_day(text: Column, rule: ColumnRule) -> Column:
    """Return microseconds since midnight by one of the declared formats; null if none fits.

    ISO, in which typed Parquet columns are written, is read as well if it means the same time.
    """
    forms = rule.readers
    if ambiguity((*forms, ISO_TIME)) is None:
        forms = (*forms, ISO_TIME)
    return F.unix_micros(_of_any(text, forms, "").cast("timestamp"))


def has_full_year(text: Column, rule: ColumnRule) -> Column | None:
    """Return whether a text has a declared format with a four-digit year; None without one."""
    full = [text.rlike(form.spark_pattern) for form in rule.readers if not form.has_two_digit_year]
    return reduce(or_, full) if full else None


def _of_any(text: Column, forms: tuple[DateFormat, ...], time_zone: str) -> Column:
    return F.coalesce(*(_moment(text, form, time_zone) for form in forms))


def _moment(text: Column, form: DateFormat, time_zone: str) -> Column:
    """Return the local time; each step uses the previous one once, so none runs twice."""
    if form.text in EPOCHS:
        return _of_epoch(text, form.text, time_zone)
    if form.text in NUMBERS:
        return _of_excel(text, with_time=form.text != EXCEL_DAY)
    marked = F.regexp_replace(text, form.spark_pattern, f"{START}{_in_order(form)}")
    # Without a match the text is unchanged and has no second part.
    ordered = F.split_part(marked, F.lit(START), F.lit(2))
    if "MMM" in form.fields or "MMMM" in form.fields:
        ordered = _with_numbers_of_months(F.lower(ordered), form)
    if "a" in form.fields:
        ordered, pattern = F.upper(ordered), HALF_DAYS
        if form.needs_time_zone:
            pattern += ZONE
            for spelling, known in OFFSETS.items():
                ordered = F.regexp_replace(ordered, spelling, known)
        found = F.try_to_timestamp(ordered, F.lit(pattern))
    elif form.needs_time_zone:
        found = F.upper(ordered).try_cast("timestamp")
    else:
        return ordered.try_cast("timestamp_ntz")
    return in_zone(found, time_zone) if form.needs_time_zone else found.cast("timestamp_ntz")


def _in_order(form: DateFormat) -> str:
    """Return the replacement that reorders the groups of an expression to ISO."""
    said = {field[0]: f"${group}" for group, field in enumerate(form.fields, 1)}
    year = f"20{said['y']}" if "yy" in form.fields else said.get("y", "1970")
    month = said.get("M", "1")
    if "MMM" in form.fields or "MMMM" in form.fields:
        month = f"{NAME}{month}{NAME}"
    hour = said.get("H", said.get("h", "0"))
    half = f" {said['a']}M" if "a" in said else ""
    return (
        f"{year}-{month}-{said.get('d', '1')} {hour}:{said.get('m', '0')}:{said.get('s', '0')}."
        f"{said.get('S', '')}{half}{said.get('X', '')}"
    )


def in_zone(instant: Column, time_zone: str) -> Column:
    """Return the local time of an instant."""
    return F.from_utc_timestamp(instant, F.lit(time_zone)).cast("timestamp_ntz")


def _with_numbers_of_months(ordered: Column, form: DateFormat) -> Column:
    for name, number in form.months.items():
        ordered = F.replace(ordered, F.lit(f"{NAME}{name}{NAME}"), F.lit(str(number)))
    return ordered


def _of_epoch(text: Column, unit: str, time_zone: str) -> Column:
    """Return the local time of a count since 1970; a float column writes `1470148327.0`."""
    digits = EPOCHS[unit]  # one digit less before 1970, else the year has a sign
    counted = text.rlike(rf"\A([0-9]{{1,{digits}}}|-[0-9]{{1,{digits - 1}}})(\.[0-9]{{1,9}})?\z")
    micros = (text.try_cast("decimal(38,9)") * MICROSECONDS[unit]).try_cast("bigint")
    return F.when(counted, in_zone(F.timestamp_micros(micros), time_zone))


def _of_excel(text: Column, *, with_time: bool) -> Column:
    """Return the local time of a day's number; its fraction is rounded to a second, as shown."""
    fraction = r"(\.[0-9]{1,15})?" if with_time else r"(\.0)?"
    seconds = F.round(text.try_cast("decimal(38,15)") * SECONDS_A_DAY).try_cast("bigint")
    midnight = F.expr(EXCEL_ZERO).cast("timestamp_ntz")
    found = F.timestamp_add("SECOND", seconds, midnight)
    # The last second of the last day may round to year 10000.
    is_sound = text.rlike(rf"{EXCEL_DAYS}{fraction}\z") & (seconds < EXCEL_END * SECONDS_A_DAY)
    return F.when(is_sound, found)
