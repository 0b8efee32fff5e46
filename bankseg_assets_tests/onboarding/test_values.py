"""How single columns are read: dates, amounts, encodings, header names, masks."""

import pytest

from bankseg_assets.onboarding.amounts import find_amounts, take_apart
from bankseg_assets.onboarding.columns import Column
from bankseg_assets.onboarding.dates import find_dates, tomorrow
from bankseg_assets.onboarding.encodings import find_encoding
from bankseg_assets.onboarding.header_words import currency_in, roles_of
from bankseg_assets.onboarding.masking import label, masked
from bankseg_assets.onboarding.sample import TextSample


def formats(*values: str) -> list[str]:
    found = find_dates(Column("x", values), until=tomorrow())
    if found is None:
        return []
    return [" + ".join(one.format for one in choice) for choice in found.choices]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("1/2/2016", "3/4/2016"), ["d/M/yyyy", "M/d/yyyy"]),
        (("13/2/2016", "3/4/2016"), ["d/M/yyyy"]),
        (("2016-08-02T14:32:07+05:30",), ["yyyy-MM-ddTHH:mm:ssXXX"]),
        (("2016-08-02 14:32:07 Z",), ["yyyy-MM-dd HH:mm:ss XXX"]),
        (("2016-08-02 14:32:07.123456",), ["yyyy-MM-dd HH:mm:ss.SSS"]),
        (("02-Aug-2016", "13-Sep-2016"), ["d-MMM-yyyy"]),
        (("2 août 2016", "3 janv. 2016"), ["d MMM yyyy"]),
        (("8/25/2016 9:05 PM",), ["M/d/yyyy h:mm a"]),
        (("13/02/2016", "13-Aug-2016"), ["d/M/yyyy + d-MMM-yyyy"]),
        (("02/03/2016", "13-Aug-2016"), ["d/M/yyyy + d-MMM-yyyy", "M/d/yyyy + d-MMM-yyyy"]),
        (("16-08-02", "16-08-13"), ["d-M-yy", "yy-M-d"]),
        (("hello", "5"), []),
        (("1/2/2095", "3/4/2095"), []),
    ],
)
def test_dates_are_read_by_all_formats_that_fit(
    values: tuple[str, ...], expected: list[str]
) -> None:
    assert formats(*values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("1,234", "500"), [(",", ""), (".", ",")]),
        (("1.234", "5.678"), [(".", ""), (",", ".")]),
        (("1,234.50", "5"), [(".", ",")]),
        (("1.234,50", "1.000"), [(",", ".")]),
        (("1,23,456",), [(".", ",")]),
        (("1 234,56", "12"), [(",", " ")]),
        (("1'234.56",), [(".", "'")]),
        (("2375.4500", "561.5400"), [(".", "")]),
        (("1234.567",), [(".", "")]),
        (("12,5",), [(",", "")]),
        (("25", "459"), [(".", "")]),
    ],
)
def test_amounts_are_read_by_all_separators_that_differ(
    values: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    found = find_amounts(Column("x", values))
    assert found is not None
    assert [(style.decimal, style.thousands) for style in found.styles] == expected


@pytest.mark.parametrize(
    ("text", "number", "negative", "adornment"),
    [
        ("Rs. 500/-", "500", False, "Rs."),
        ("Rs.500", "500", False, "Rs."),
        ("(EUR 1.234,50)", "1.234,50", True, "EUR"),
        ("\u221212.00", "12.00", True, ""),
        ("5-", "5", True, ""),
        ("12,00 €", "12,00", False, "€"),
        (".47", ".47", False, ""),
    ],
)
def test_amount_is_taken_apart(text: str, number: str, negative: bool, adornment: str) -> None:
    found = take_apart(text)
    assert found is not None
    assert (found.number, found.is_negative, found.adornment) == (number, negative, adornment)


@pytest.mark.parametrize("text", ["abc", "12:30", "2016-08-02", "C1001", "5 apples", "", "--5"])
def test_other_texts_are_not_amounts(text: str) -> None:
    assert take_apart(text) is None


@pytest.mark.parametrize(
    ("text", "codec", "name", "is_asked"),
    [
        ("Köln;Müller", "cp1252", "cp1252", False),
        ("Débit;à côté", "cp1252", "cp1252", False),
        ("Köln;12 €", "cp1252", "cp1252", False),
        ("Łódź;Gdańsk;Żabno", "cp1250", "cp1252", True),
        ("Москва;Тула", "cp1251", "cp1252", True),
        ("Köln;Müller", "utf-8", "utf-8", False),
        ("\ufeffKöln", "utf-16", "utf-16", False),
    ],
)
def test_encoding_is_asked_where_letters_leave_it_open(
    text: str, codec: str, name: str, is_asked: bool
) -> None:
    content = (text + "\n").encode(codec)
    is_utf8 = codec == "utf-8"
    found = find_encoding(TextSample((content,), True, True, is_utf8, False))
    assert (len(found.candidates) > 1) == is_asked
    if not is_asked:
        assert found.name == name


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("Customer Account Balance", "balance"),
        ("Txn Ref No.", "transaction_id"),
        ("Fecha de operación", "transaction_date"),
        ("Withdrawal Amt.", "debit"),
        ("Soll", "debit"),
        ("Gutschrift", "credit"),
        ("Dr/Cr", "direction"),
        ("Währung", "currency"),
        ("Nº de cuenta", "customer_id"),
        ("date_of_birth", "birth_date"),
    ],
)
def test_header_name_says_the_column(name: str, role: str) -> None:
    found = roles_of(name)
    assert min(found, key=lambda one: found[one]) == role


@pytest.mark.parametrize(
    "name", ["Merchant Name", "Debit Account", "Credit Account No", "Narration", "Fee"]
)
def test_header_name_of_something_else_says_nothing(name: str) -> None:
    assert not {"debit", "credit", "amount", "location"} & roles_of(name).keys()


def test_currency_stands_in_a_header_name() -> None:
    assert currency_in("Amount (INR)") == "INR"
    assert currency_in("Saldo CHF") == "CHF"
    assert currency_in("ALL AMOUNTS") == "ALL" or currency_in("Amount") == ""


def test_masks_keep_the_shape_alone() -> None:
    assert masked("C5841053, Łódź ٣") == "A9999999, Aaaa 9"
    assert label("CASH_IN") == "CASH_IN"
    assert label("Jane Q. Public 77") == "Aaaa A. Aaaaaa 99"


@pytest.mark.parametrize(
    ("text", "number", "word"),
    [
        ("1,234.56 Cr", "1,234.56", "Cr"),
        ("500.00Dr", "500.00", "Dr"),
        ("DR 500", "500", "DR"),
        ("500,00 S", "500,00", "S"),
        ("500,00H", "500,00", "H"),
        ("INR 500 Cr.", "500", "Cr"),
        ("R 500", "500", ""),
    ],
)
def test_word_beside_an_amount_is_taken_apart(text: str, number: str, word: str) -> None:
    found = take_apart(text)
    assert found is not None
    assert (found.number, found.word) == (number, word)


@pytest.mark.parametrize("text", ["C100", "100D", "CR100", "Dr.500", "Dr", "Dr 5 Cr", "12 Main St"])
def test_no_id_is_an_amount_with_a_word(text: str) -> None:
    assert take_apart(text) is None


@pytest.mark.parametrize(
    ("name", "role"),
    [("Umsatz in EUR", "amount"), ("Amount in INR", "amount"), ("Paid In GBP", "credit")],
)
def test_header_may_say_in_which_currency(name: str, role: str) -> None:
    assert set(roles_of(name)) == {role}
