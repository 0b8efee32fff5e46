"""Parsing of date formats, and validation of the formats in a contract."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.contracts.date_formats import DateFormat, ambiguity, problem

MOMENT = datetime(2016, 8, 2, 9, 5, 7)
MIDNIGHT = datetime(2016, 8, 2)
SPANISH = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre"),
    *("octubre", "noviembre", "diciembre"),
)


@pytest.mark.parametrize(
    ("form", "text", "moment"),
    [
        ("d/M/yyyy H:mm", "2/8/2016 9:05", datetime(2016, 8, 2, 9, 5)),
        ("d/M/yyyy H:mm", "02/08/2016 09:05", datetime(2016, 8, 2, 9, 5)),
        ("d/M/yyyy H:mm", "2/8/2016 24:00", None),
        ("d/M/yyyy H:mm", "2/8/2016 9:5", None),
        ("d/M/yyyy H:mm", "31/2/2016 9:05", None),
        ("d/M/yy h:mm:ss a", "2/8/16 9:05:07 am", MOMENT),
        ("d/M/yy h:mm:ss a", "2/8/16 9:05:07 A.M.", MOMENT),
        ("d/M/yy h:mm:ss a", "2/8/16 9:05:07\u202fam", MOMENT),
        ("d/M/yy h:mm:ss a", "2/8/16 9:05:07AM", MOMENT),
        ("d/M/yy h:mm:ss a", "2/8/16 9:05:07 p. m.", datetime(2016, 8, 2, 21, 5, 7)),
        ("d/M/yy h:mm:ss a", "2/8/16 12:05:07 AM", datetime(2016, 8, 2, 0, 5, 7)),
        ("d/M/yy h:mm:ss a", "2/8/16 12:05:07 PM", datetime(2016, 8, 2, 12, 5, 7)),
        ("d/M/yy h:mm:ss a", "2/8/16 13:05:07 PM", None),
        ("d/M/yy h:mm:ss a", "2/8/16 9:05:07", None),
        *(
            ("dd-MMM-yyyy", f"02-{month}-2016", MIDNIGHT)
            for month in ("Aug", "AUG", "aug", "August", "AUG.")
        ),
        ("dd-MMM-yyyy", "02-Ago-2016", None),
        ("d MMMM yyyy", "2  August 2016", MIDNIGHT),
        ("MMM d, yyyy", "Sept. 2, 2016", datetime(2016, 9, 2)),
        ("ddMMMyyyy", "02AUG2016", MIDNIGHT),
        ("yyyy-MM-ddTHH:mm:ss.SSS", "2016-08-02T09:05:07.123456", MOMENT),
        ("yyyy-MM-ddTHH:mm:ss.SSS", "2016-08-02t09:05:07", MOMENT),
        ("yyyy-MM-dd HH:mm:ss,SSS", "2016-08-02 09:05:07,5", MOMENT),
        ("yyyyMMddHHmmssSSS", "20160802090507123", MOMENT),
        *(
            ("yyyy-MM-dd HH:mm:ssXXX", f"2016-08-02 09:05:07{offset}", MOMENT)
            for offset in ("Z", "+05:30", "+0530", "-05", "UTC", "GMT+05:30")
        ),
        ("yyyy-MM-dd HH:mm:ss XXX", "2016-08-02 09:05:07 UTC", MOMENT),
        ("yyyy-MM-dd HH:mm:ssXXX", "2016-08-02 09:05:07", None),
        ("yyyy年M月d日", "2016年8月2日", MIDNIGHT),
        ("d (M) yyyy", "2 (8) 2016", MIDNIGHT),
        ("d/M/yyyy", "\u0968/8/2016", None),
    ],
)
def test_format_reads_what_banks_write(form: str, text: str, moment: datetime | None) -> None:
    assert problem(form, "transaction_date") == ""
    assert DateFormat(form).read(text) == moment


def test_format_reads_months_of_the_contracts_language() -> None:
    form = DateFormat("d 'de' MMMM 'de' yyyy", SPANISH)
    assert form.read("2 de AGOSTO de 2016") == MIDNIGHT
    assert form.read("2 de August de 2016") is None
    assert DateFormat("d. MMM yyyy", ("Jän", *SPANISH[1:])).read("2. JÄN. 2016") is not None


@pytest.mark.parametrize(
    ("form", "column", "expected"),
    [
        ("h:mm", "transaction_time", "a pattern of"),
        ("H:mm a", "transaction_time", "a pattern of"),
        ("HH:mm.SSS", "transaction_time", "a pattern of"),
        ("HH:mmXXX", "transaction_time", "a pattern of"),
        ("epoch_seconds", "transaction_time", "a pattern of"),
        ("epoch_seconds", "birth_date", "a pattern of .* or excel_serial_day"),
        ("d/M/yyyy XXX", "transaction_date", "a pattern of"),
        ("EEE d/M/yyyy", "transaction_date", "a pattern of"),
        ("XXX d/M/yyyy H:mm", "transaction_date", "the offset XXX at the end"),
        ("yyyy-MM-dd'T'HH:mm:ss'Z'", "transaction_date", "XXX in place of 'Z'"),
        ("dMyyyy", "transaction_date", "a character between parts"),
        ("d/M/yyyy'", "transaction_date", "a pattern of"),
    ],
)
def test_problem_names_what_a_format_must_be(form: str, column: str, expected: str) -> None:
    assert problem(form, column).startswith(expected.partition(" .* ")[0])


@pytest.mark.parametrize(
    ("formats", "text"),
    [
        (("d/M/yy", "M/d/yy"), "2/1/01"),
        (("MM/dd/yyyy", "d/M/yyyy"), "01/02/2001"),
        (("yy-M-d", "d-M-yy"), "01-01-02"),
        (("yyyyMMdd", "ddMMyyyy"), "20010101"),
        (("yyyy-MM-dd", "yyyy-dd-MM"), "2001-01-02"),
        (("d/M/yy", "dd-MMM-yyyy", "M/d/yy"), "2/1/01"),
        (("HH:mm:ss", "mm:HH:ss"), "01:02:03"),
        (("d/M/yy H:mm", "d/M/yy mm:HH"), "2/1/01 1:02"),
    ],
)
def test_ambiguity_shows_a_text_of_two_meanings(formats: tuple[str, ...], text: str) -> None:
    found = ambiguity(tuple(map(DateFormat, formats)))
    assert found is not None
    assert found[1] != found[2]
    readings = {DateFormat(form).read(found[0]) for form in formats}
    assert {found[1], found[2]} <= readings


@pytest.mark.parametrize(
    "formats",
    [
        ("d/M/yy", "dd-MMM-yyyy"),
        ("d/M/yy", "d/M/yyyy"),
        ("d/M/yyyy", "d/M/yyyy H:mm", "d/M/yyyy h:mm a"),
        ("yyyyMMdd", "yyyy-MM-dd", "d.M.yyyy"),
        ("d MMM yyyy", "MMMM d, yyyy"),
        ("H:mm", "HH:mm:ss", "h:mm a"),
    ],
)
def test_ambiguity_is_none_of_formats_that_differ(formats: tuple[str, ...]) -> None:
    assert ambiguity(tuple(map(DateFormat, formats))) is None


@given(
    parts=st.tuples(
        st.sampled_from(("yyyy", "yy")),
        st.sampled_from(("MMMM", "MMM", "MM", "M")),
        st.sampled_from(("dd", "d")),
    ).flatmap(st.permutations),
    mark=st.sampled_from("/-. "),
    day=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    padded=st.booleans(),
)
def test_format_reads_back_what_it_writes(
    parts: list[str], mark: str, day: date, *, padded: bool
) -> None:
    form = DateFormat(mark.join(parts))
    moment = datetime(day.year, day.month, day.day)
    assert form.read(form.write(moment, padded=padded)) == moment
