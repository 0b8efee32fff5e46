"""Amounts are read as banks write them, and nothing ambiguous is guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.deduplication import verdicts
from bankseg_assets.cleaning.outliers import outlier_fences
from bankseg_assets.cleaning.validation import DUPLICATE, validate
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets_tests.cleaning.repeated_ids import repeated_ids
from bankseg_assets_tests.frames import raw_frame

pytestmark = pytest.mark.slow

OTHER = "amount_in_other_currency"
DECIMALS = "amount_with_too_many_decimals"
INVALID = "invalid_amount"
IMPLAUSIBLE = "implausible_amount"
FORMS = ("{}", "Rs. {:,}.00/-")


@dataclass(frozen=True)
class Bank:
    """What a contract says of amounts."""

    currency: str
    decimal: str = "."
    thousands: str = ""
    symbols: tuple[str, ...] = ()

    @property
    def contract(self) -> DeliveryContract:
        shipped = DeliveryContract()
        amount = replace(
            shipped.columns["amount"],
            minimum=None,
            decimal_separator=self.decimal,
            thousands_separator=self.thousands,
        )
        return replace(
            shipped,
            currency=self.currency,
            currency_symbols=self.symbols,
            columns={**shipped.columns, "amount": amount},
        )


INDIAN = Bank("INR", thousands=",")
PLAIN = Bank("INR")
GERMAN = Bank("EUR", decimal=",", thousands=".")
SWISS = Bank("CHF", thousands="'")
SWEDISH = Bank("SEK", decimal=",", thousands=" ")
CANADIAN = Bank("CAD", symbols=("Canadian Dollars", "piastres"))
YEN = Bank("JPY", thousands=",")

Expected = Mapping[str, str]
"""Text -> the amount, or the reason for which the row is quarantined."""

CASES: list[tuple[Bank, Expected]] = [
    (
        PLAIN,
        {
            **dict.fromkeys(("+5", "5+", "+ 5", "5.", "+5.000", "0005", "5E0", "0.5e+1"), "5.00"),
            **dict.fromkeys(("5-", "5 -", "(5)", "( 5.0 )", "- 5", "(5.)"), "-5.00"),
            **dict.fromkeys(
                (f"{dash}5" for dash in "\u2212\u2013\u2014\u2010\u2011\ufe63\uff0d"), "-5.00"
            ),
            **dict.fromkeys(("\u200e-5", "-\u200e5", "\u20125", "5\u2212"), "-5.00"),
            **dict.fromkeys(("\u20b95", "\u20b9 5", "Rs.5", "Rs 5.00", "rs. 5", "5 INR"), "5.00"),
            **dict.fromkeys(("INR\u00a05", "inr5", "5/-", "Rs. 5/-", "Rs.5/=", "5.00Rs"), "5.00"),
            **dict.fromkeys(("-\u20b95", "\u20b9-5", "(\u20b95)", "\u20b9 (5)", "5- INR"), "-5.00"),
            **dict.fromkeys(("5 INR-", "INR 5-", "\u2212 \u20b9 5", "Rs.-5"), "-5.00"),
            **{"-0.00": "0.00", "0-": "0.00", "(0)": "0.00", "0E-18": "0.00", "0e+9": "0.00"},
            **{"1.5E+3": "1500.00", "1e3": "1000.00", "1.234e2": "123.40", "1E-2": "0.01"},
            **{"-1.5E+3": "-1500.00", "1.5\u00a0": "1.50", "Rs.47": "47.00", "Rs..47": "0.47"},
            **{"0" * 30 + "7": "7.00", "1." + "0" * 60: "1.00", "\u20b9.5": "0.50"},
            # Doubles that were written as text.
            **{"2208.9599999999996": "2208.96", "0.30000000000000004": "0.30"},
            **{"-1234567.8900000001": "-1234567.89", "25.000000000000004": "25.00"},
            **dict.fromkeys(("12.345", "1.2345e1", "0.001", "-12.3401", "(1.005)"), DECIMALS),
            **dict.fromkeys(("\u20b9 12.345", "1e-3", "1E-05", "2208.95999", "100.001"), DECIMALS),
            # Digits of so large a number are as small as noise, but were written.
            **dict.fromkeys(("12345678901234.567", "99999999999999.9999"), DECIMALS),
            **{"99999999999999.99": "99999999999999.99"},
            **dict.fromkeys(("$5", "USD 5", "5 EUR", "\u00a35", "A$5", "\u20bf5", "XOF5"), OTHER),
            **dict.fromkeys(("-$5", "($ 5)", "\u20b95 USD", "kr 5", "5\u00a0z\u0142"), OTHER),
            # Twice negative, or a sign that says nothing.
            **dict.fromkeys(("--5", "-(5)", "(-5)", "(5", "5)", "-5-", "+-5", "5--"), INVALID),
            # 500 in Switzerland, -500 in an export with trailing signs.
            **dict.fromkeys(("500.-", "500. -", "500.--", "500.\u2013"), INVALID),
            **dict.fromkeys(("1,234", "1 234", "1'234", "1,234.56", "12,50", "1_000"), INVALID),
            **dict.fromkeys(("INR.47", "Rs", "-", "()", "\u20b9", "5 5", "5\n5", "/-5"), INVALID),
            **dict.fromkeys(("abc5", "5%", "=5", "5 CR", "e5", "1e", "1e400", "5x"), INVALID),
            **dict.fromkeys(("1e-400", "\x1e\x1f\x1e5", "\u0665", "1" * 16, "1e15"), INVALID),
            **dict.fromkeys(("1" + "x" * 10**5, "(" * 10**5, "0" * 10**5 + "-"), INVALID),
            "9E14": IMPLAUSIBLE,
        },
    ),
    (
        INDIAN,
        {
            **{"1,23,456.00": "123456.00", "\u20b91,23,456": "123456.00", "1,234": "1234.00"},
            **{"Rs. 12,34,567/-": "1234567.00", "(1,234.5)": "-1234.50", "1234.5": "1234.50"},
            **{"12,345,678.9": "12345678.90", "1,00,00,000": "10000000.00", "-9,999-": INVALID},
            **{"001,234.50": "1234.50", "0,001,234": "1234.00", "1,234,567.891": DECIMALS},
            **dict.fromkeys(("1,2,3", "1,23", "1,234,56", "12,34", "1234,567", ",123"), INVALID),
            **dict.fromkeys(
                ("0,123", "012,345", "1,,234", "1,234,", "1,23,45", "1.234,5"), INVALID
            ),
            **dict.fromkeys(("1,234e3", "12,345,67.00", "123,45,678", "1.234,567"), INVALID),
        },
    ),
    (
        GERMAN,
        {
            **{"1.234,56": "1234.56", "1.234": "1234.00", "1.234.567,8": "1234567.80"},
            **{"1.234,56-": "-1234.56", "12,50-": "-12.50", "\u20ac 1.234,56": "1234.56"},
            **{"1.234,56 EUR": "1234.56", "-1.234,56\u00a0\u20ac": "-1234.56", "0,5": "0.50"},
            **{"1,5E+3": "1500.00", ",47": "0.47", "500,": "500.00", "1.234,5678": DECIMALS},
            **{"12,3000": "12.30", "2208,9599999999996": "2208.96", "5 CHF": OTHER},
            **dict.fromkeys(("12.34", "0.123", "1,234.56", "12,-", "1.2.3", "1.234,56,7"), INVALID),
        },
    ),
    (
        SWISS,
        {
            **{"1'234.56": "1234.56", "1\u2019234.56": "1234.56", "CHF 1'234'567": "1234567.00"},
            **{"Fr. 5": "5.00", "5.00 SFr.": "5.00", "Fr.1'000.05": "1000.05", "\u20ac5": OTHER},
            **dict.fromkeys(("5.--", "1'23", "1''234", "1,234.56", "'123", "1'234'56"), INVALID),
        },
    ),
    (
        SWEDISH,
        {
            **dict.fromkeys(
                (f"1{space}234,5" for space in " \u00a0\u202f\u2009\u2007\u2008"), "1234.50"
            ),
            **{"kr 1 234": "1234.00", "1 234:-": INVALID, "\u2212 1 234 567,5 kr": "-1234567.50"},
            **{"1 234,56-": "-1234.56", "1 23": INVALID, "1  234": INVALID, "1\n234": INVALID},
            **{"1.234,5": INVALID, "12 34": INVALID, "SEK 12 345": "12345.00", "12 NOK": OTHER},
        },
    ),
    (
        CANADIAN,
        {
            **dict.fromkeys(("$5", "C$5", "CAD 5", "5 Canadian Dollars", "5 PIASTRES"), "5.00"),
            **{"US$5": OTHER, "AU$5": OTHER, "5 Rs": OTHER, "5 dollars": INVALID},
        },
    ),
    (
        YEN,
        {"\u00a51,234": "1234.00", "\uffe51,234": "1234.00", "5\u5186": "5.00", "\u20a95": OTHER},
    ),
]


def read(spark: SparkSession, bank: Bank, texts: Sequence[str]) -> dict[str, str]:
    """Return the cleaned amount of each text, or its reason."""
    frame = raw_frame(spark, [{"amount": text, "balance": "9"} for text in texts])
    rows = validate(frame, bank.contract, not_after=F.lit(date(2021, 1, 1))).collect()
    by_number = sorted((row["row_number"], row) for row in rows)
    return {
        text: row["reason"] or str(row["amount"])
        for text, (_, row) in zip(texts, by_number, strict=True)
    }


@pytest.mark.parametrize(
    ("bank", "expected"), CASES, ids=[f"{bank.currency}{bank.thousands}" for bank, _ in CASES]
)
def test_money_text_is_read_by_the_contract(
    spark: SparkSession, bank: Bank, expected: Expected
) -> None:
    found = read(spark, bank, list(expected))
    wrong = {text[:50]: (found[text], right) for text, right in expected.items()}
    assert {text: pair for text, pair in wrong.items() if pair[0] != pair[1]} == {}


def test_negative_amounts_obey_the_minimum(spark: SparkSession) -> None:
    contract = DeliveryContract()
    texts = ["5-", "(5)", "\u22125", "-\u20b95", "0-", "(0.00)"]
    rows = validate(
        raw_frame(spark, [{"amount": text} for text in texts]),
        contract,
        not_after=F.lit(date(2021, 1, 1)),
    ).collect()
    reasons = [row["reason"] for row in sorted(rows, key=lambda row: row["row_number"])]
    assert reasons == [INVALID] * 4 + [None] * 2


@dataclass(frozen=True)
class Written:
    """An amount, and how a bank may write it."""

    cents: int
    is_indian: bool
    sign: str
    currency: str
    zeros: int

    @property
    def amount(self) -> Decimal:
        return Decimal(self.cents).scaleb(-2)

    def text(self, bank: Bank) -> str:
        whole, cents = divmod(abs(self.cents), 100)
        groups = _indian(whole) if self.is_indian else f"{whole:,}"
        digits = (
            groups.replace(",", bank.thousands) + f"{bank.decimal}{cents:02d}{'0' * self.zeros}"
        )
        signed = self.sign.format(digits) if self.cents < 0 else digits
        return self.currency.format(signed)


def _indian(whole: int) -> str:
    start, last = divmod(whole, 1000)
    return f"{_pairs(start)},{last:03d}" if start else str(last)


def _pairs(number: int) -> str:
    start, last = divmod(number, 100)
    return f"{_pairs(start)},{last:02d}" if start else str(last)


WRITTEN = st.builds(
    Written,
    cents=st.integers(-(10**14), 10**14) | st.integers(-(10**6), 10**6),
    is_indian=st.booleans(),
    sign=st.sampled_from(["-{}", "{}-", "({})", "\u2212{}", "- {}"]),
    currency=st.sampled_from(["{}", "INR {}", "{} INR", "INR{}", "{}INR"]),
    zeros=st.integers(0, 6),
)


@settings(max_examples=6, deadline=None)
@given(
    written=st.lists(WRITTEN, min_size=50, max_size=100),
    separators=st.sampled_from([".,", ",.", ". ", ",'", ".'", ", "]),
)
def test_money_text_returns_what_was_written(
    spark: SparkSession, written: list[Written], separators: str
) -> None:
    bank = Bank("INR", decimal=separators[0], thousands=separators[1])
    amounts = {one.text(bank): one.amount for one in written}
    found = read(spark, bank, list(amounts))
    assert {text: Decimal(value) for text, value in found.items()} == amounts


@settings(max_examples=6, deadline=None)
@given(
    texts=st.lists(st.text("0123456789.,' -+()eE\u20b9", max_size=9), min_size=200, unique=True),
    thousands=st.sampled_from(["", ",", " ", "'"]),
)
def test_money_text_never_drops_a_digit(
    spark: SparkSession, texts: list[str], thousands: str
) -> None:
    """What is read has the digits of the text, in their order; except exponents."""
    found = read(
        spark, Bank("INR", thousands=thousands), [t for t in texts if "e" not in t.lower()]
    )
    for text, value in found.items():
        if value.lstrip("-").replace(".", "").isdigit():
            digits = "".join(filter(str.isdigit, text))
            assert digits.strip("0") == value.lstrip("-").replace(".", "").strip("0"), text


def test_equal_amounts_in_other_writing_are_one_transaction(spark: SparkSession) -> None:
    """Deduplication compares the amount, not its text."""
    contract = INDIAN.contract
    texts = ["1,234.50", "Rs. 1,234.5", "1234.500", "1.2345E+3"]
    raw = raw_frame(spark, [{"amount": text} for text in texts])
    with repeated_ids(raw, None, contract) as repeated:
        found = verdicts(
            raw, repeated, contract, not_after=F.lit(date(2021, 1, 1)), winners=[]
        ).collect()
    assert sorted((row["row_number"], row["verdict"]) for row in found) == [
        (number, DUPLICATE) for number in (3, 4, 5)
    ]


def test_fences_see_the_amounts_in_any_writing(spark: SparkSession) -> None:
    plain, adorned = ([form.format(n * 7919 % 90_000 + 1000) for n in range(120)] for form in FORMS)
    fences = []
    for texts in (plain, adorned):
        raw = raw_frame(spark, [{"amount": text} for text in texts])
        rows = validate(raw, INDIAN.contract, not_after=F.lit(date(2021, 1, 1)))
        fences.append(outlier_fences(rows, INDIAN.contract))
    assert fences[0] == fences[1]
    assert "amount" in fences[0]["d1"]
