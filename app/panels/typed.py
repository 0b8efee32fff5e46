"""Read what a person types into a form: amounts, whole numbers and dates, without guessing.

A text that may mean two values, or none, is refused in words; nothing typed is changed silently.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from bankseg_assets.contracts.currencies import decimals
from bankseg_assets.contracts.date_formats import DateFormat
from bankseg_assets.contracts.delivery import ContractError, load_contract
from bankseg_assets.contracts.value_ranges import decimal_separator
from bankseg_assets.onboarding.amounts import amount_of, currencies_of, take_apart
from bankseg_assets.presentation.formatting import day

MOST_CHARACTERS = 40
LEAST_PLACES = 2  # of an amount, also in yen, because averages are entered
_SPACES = (" ", "'")
_EXPONENT = re.compile(r"\d[eE][+-]?\d")
_DAYS = ("yyyy-M-d", "d MMMM yyyy", "d MMM yyyy", "MMMM d, yyyy", "MMM d, yyyy", "yyyy/M/d")
_DAY_FIRST = ("d/M/yyyy", "d.M.yyyy", "d-M-yyyy", "d/M/yy", "d.M.yy", "d-M-yy")
_MONTH_FIRST = tuple(
    text.replace("d", "?").replace("M", "d").replace("?", "M") for text in _DAY_FIRST
)


class TypedError(ValueError):
    """Raised for a text that cannot be read in one way; says what to write instead."""


@dataclass(frozen=True)
class Notation:
    """How the bank writes: its decimal mark, and whether the day comes before the month.

    `day_first`: None if it is unknown.
    """

    decimal: str = "."
    day_first: bool | None = None

    @property
    def thousands(self) -> str:
        """The mark between groups of digits that is not the decimal mark."""
        return "." if self.decimal == "," else ","

    def written(self, text: str) -> str:
        """Return a formatted number (1,234.50) with the bank's marks."""
        return text if self.decimal == "." else text.translate(str.maketrans(",.", ".,"))


def notation_of(contract: Path) -> Notation:
    """Return the notation of a contract; the default if it cannot be read."""
    try:
        found = load_contract(contract)
    except ContractError:  # the batch reports what is wrong
        return Notation()
    orders = {
        letters.index("d") < letters.index("M")
        for reader in found.columns["transaction_date"].readers
        if {"d", "M"} <= set(letters := [token[0] for token in reader.fields])
    }
    return Notation(decimal_separator(found), orders.pop() if len(orders) == 1 else None)


def read_number(text: str, notation: Notation, *, places: int, currency: str = "") -> float:
    """Return the number of a text.

    `places`: the decimals that it may have, 0 for a whole number. A number of three digits after
    the decimal mark may be meant as thousands, unless three decimals are usual. Raises TypedError.
    """
    mark, other = notation.decimal, notation.thousands
    if _EXPONENT.search(text):
        raise TypedError(f"{_shown(text)} is a number with an exponent. Write all its digits.")
    parts = take_apart(text)
    if parts is None or parts.word:
        raise TypedError(f"{_shown(text)} is not a number. Write digits only, {_such(notation)}.")
    if parts.adornment and currency not in currencies_of(parts.adornment):
        expected = f"an amount in {currency}" if currency else "a number without a currency"
        raise TypedError(f"{_shown(text)} is in another unit; expected {expected}.")
    readings = {
        amount
        for thousands in (other, *_SPACES)
        if (amount := amount_of(text, mark, thousands)) is not None
    }
    if not readings:
        raise TypedError(_with_other_marks(text, notation))
    (found,) = readings  # the marks differ, so that at most one of them is in the text
    digits = parts.number.partition(mark)[2] if mark in parts.number else ""
    if len(digits) == 3 != places and other not in parts.number:  # noqa: PLR2004
        raise TypedError(_ambiguous(text, parts.number, notation, places))
    if len(digits.rstrip("0")) > places:
        if not places:
            raise TypedError(f"{_shown(text)} is not a whole number.")
        raise TypedError(f"{_shown(text)} has {len(digits)} decimals; expected at most {places}.")
    return float(found)


def read_amount(text: str, notation: Notation, currency: str) -> float:
    """Return an amount of money. Raises TypedError."""
    places = max(decimals(currency), LEAST_PLACES)
    return read_number(text, notation, places=places, currency=currency)


def read_day(text: str, notation: Notation) -> date:
    """Return the day of a text. Raises TypedError."""
    cleaned = " ".join(text.split())
    found = _days(cleaned, _DAYS)
    numeric = {True: _days(cleaned, _DAY_FIRST), False: _days(cleaned, _MONTH_FIRST)}
    if notation.day_first is not None and numeric[notation.day_first]:
        numeric.pop(not notation.day_first)
    found = found.union(*numeric.values())
    if len(found) > 1:
        first, second = sorted(found)
        raise TypedError(
            f"{_shown(text)} may be {day(first)} or {day(second)}. "
            f"Write {first.isoformat()} or {second.isoformat()}."
        )
    if not found:
        raise TypedError(f"{_shown(text)} is not a date. Write year, month, day: 2016-10-20.")
    return found.pop()


def days_before(snapshot: str, text: str, notation: Notation) -> int:
    """Return the days from a typed date to the snapshot (ISO). Raises TypedError."""
    typed, last = read_day(text, notation), date.fromisoformat(snapshot)
    if typed >= last:
        newest = day(last - timedelta(days=1))
        raise TypedError(
            f"{day(typed)} is after the data, which end on {newest}. Enter the last "
            "transaction until that day, or leave the field empty."
        )
    return (last - typed).days


def day_of(snapshot: str, days: float) -> str:
    """Return in words the day that is a number of days before the snapshot (ISO).

    >>> day_of("2016-10-22", 1)
    '21 October 2016'
    """
    return day(date.fromisoformat(snapshot) - timedelta(days=int(days)))


def _days(text: str, patterns: tuple[str, ...]) -> set[date]:
    moments = (DateFormat(pattern).read(text) for pattern in patterns)
    return {moment.date() for moment in moments if moment is not None}


def _such(notation: Notation) -> str:
    return f"such as {notation.written('1234.50')}"


def _with_other_marks(text: str, notation: Notation) -> str:
    """Say how a number with the other decimal mark, or with misplaced marks, is written here."""
    meant = amount_of(text, notation.thousands, notation.decimal)
    problem = f"{_shown(text)} cannot be read: the decimal mark is {notation.decimal!r} here."
    if meant is None:
        return f"{problem} Write digits only, {_such(notation)}."
    return f"{problem} If it means {_plain(meant, notation)}, write that."


def _ambiguous(text: str, number: str, notation: Notation, places: int) -> str:
    digits = "".join(filter(str.isdigit, number))
    rounded = round(Decimal(digits).scaleb(-3), places)
    whole, small = _plain(Decimal(digits), notation), _plain(rounded, notation)
    return f"{_shown(text)} may mean {whole} or {small}. Write one of these."


def _plain(value: Decimal, notation: Notation) -> str:
    """Return an amount without marks between groups of digits."""
    whole = value.to_integral_value()
    return f"{whole if value == whole else value:f}".replace(".", notation.decimal)


def _shown(text: str) -> str:
    return repr(text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…")
