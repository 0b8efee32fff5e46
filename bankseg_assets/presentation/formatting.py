"""Format numbers, money and dates for display.

The option `z` in a format leaves out the minus before a zero, as in -0.004 with two decimals.
"""

from datetime import date
from decimal import Decimal

from bankseg_assets.contracts.currencies import decimals

PLAIN, LAKH = "plain", "lakh"
"""How a contract's `number_format` groups digits: 1,234,567 or 12,34,567."""

_SHORT = {
    PLAIN: ((1e9, "billion"), (1e6, "million")),
    LAKH: ((1e7, "crore"), (1e5, "lakh")),
}
_SMALLEST = 1e-6  # of a probability; six digits are the same on all machines
_ABBREVIATED = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))


def number(value: float, style: str = PLAIN, places: int = 2) -> str:
    """Return a number with thousands separators, and `places` decimals unless it is whole.

    >>> number(884265), number(833.333), number(-1234567.5, LAKH), number(-0.001)
    ('884,265', '833.33', '-12,34,567.50', '0')
    """
    rounded = round(float(value), places)
    text = f"{rounded:z,.0f}" if rounded.is_integer() else f"{rounded:,.{places}f}"
    return _in_lakhs(text) if style == LAKH else text


def short(value: float, style: str = PLAIN) -> str:
    """Return a large number in words, with three digits.

    >>> short(826275798.65), short(826275798.65, LAKH), short(45000, LAKH), short(2.5e12)
    ('826 million', '82.6 crore', '45,000', '2,500 billion')
    """
    for size, word in _SHORT[style]:
        if abs(value) >= size:
            return f"{three_digits(value / size):,.12g} {word}"
    return number(three_digits(value), style)


def short_number(value: float) -> str:
    """Return a number with three significant digits and thousands separators.

    >>> short_number(16792.4), short_number(0.123456)
    ('16,800', '0.123')
    """
    return f"{three_digits(value):,.10g}"


def abbreviated(value: float | Decimal) -> str:
    """Return an amount with three digits and a letter for its size.

    >>> abbreviated(52_412_000), abbreviated(Decimal(-45_678)), abbreviated(12.345)
    ('52.4M', '-45.7k', '12.3')
    """
    shown = three_digits(value)
    size, letter = next((one for one in _ABBREVIATED if abs(shown) >= one[0]), (1, ""))
    return f"{shown / size:g}{letter}"


def three_digits(value: float | Decimal) -> float:
    """Return a number rounded to three significant digits."""
    return float(f"{value:z.3g}")


def _in_lakhs(text: str) -> str:
    """Group the digits of a number by two beyond the last three."""
    sign = "-" if text.startswith("-") else ""
    whole, dot, rest = text.lstrip("-").replace(",", "").partition(".")
    groups = [whole[-3:]]
    whole = whole[:-3]
    while whole:
        groups.insert(0, whole[-2:])
        whole = whole[:-2]
    return f"{sign}{','.join(groups)}{dot}{rest}"


def quantity(value: float, unit: str, style: str = PLAIN) -> str:
    """Return a number with its unit, which contracts write in the plural.

    >>> quantity(1, "days"), quantity(45, "days")
    ('1 day', '45 days')
    """
    shown = number(value, style)
    return f"{shown} {unit.removesuffix('s') if shown == '1' else unit}"


def money(value: float, currency: str, style: str = PLAIN) -> str:
    """Return an amount with its currency in front, and the decimals that ISO 4217 gives it.

    >>> money(1234567.5, "INR"), money(1234567.5, "INR", LAKH)
    ('INR 1,234,567.50', 'INR 12,34,567.50')
    >>> money(833.333, "JPY"), money(12.3456, "KWD")
    ('JPY 833', 'KWD 12.346')
    """
    return f"{currency} {number(value, style, decimals(currency))}"


def percent(share: float) -> str:
    """Return a share of 1 with one decimal; never 0 % or 100 % of something in between.

    >>> percent(0.9312), percent(0.99999), percent(0.00001), percent(-0.00001)
    ('93.1%', '>99.9%', '<0.1%', '0.0%')
    """
    shown = f"{round(share, 3):z.1%}"
    if shown == "0.0%" and share > 0:
        return "<0.1%"
    if shown == "100.0%" and share < 1:
        return ">99.9%"
    return shown


def probability(chance: float) -> str:
    """Return a probability with one decimal; never 0 % or 100 %, which no model can know.

    >>> probability(0.9312), probability(1.0), probability(0.0)
    ('93.1%', '>99.9%', '<0.1%')
    """
    return percent(min(max(chance, _SMALLEST), 1 - _SMALLEST))


def signed(value: float) -> str:
    """Return a number with its sign and one decimal; zero has no sign.

    >>> signed(2.34), signed(-0.04), signed(-1.26)
    ('+2.3', '0.0', '-1.3')
    """
    rounded = round(value, 1)
    return f"{rounded:+.1f}" if rounded else "0.0"


def change(now: float | None, before: float | None) -> str:
    """Return the change in per cent; empty if it is unknown.

    >>> change(110, 100), change(99.9, 100), change(100, 100), change(1, None), change(5, -5)
    ('+10.0%', '-0.1%', 'unchanged', '', '')
    """
    if now is None or before is None or before <= 0:
        return ""
    share = round(now / before - 1, 3)
    return f"{share:+.1%}" if share else "unchanged"


def change_in_points(now: float | None, before: float | None) -> str:
    """Return the change of a share in percentage points; empty if it is unknown.

    >>> change_in_points(0.163, 0.15), change_in_points(0.15, 0.15), change_in_points(0.1, None)
    ('+1.3 points', 'unchanged', '')
    """
    if now is None or before is None:
        return ""
    points = round(100 * (now - before), 1)
    return f"{points:+.1f} points" if points else "unchanged"


def day(one: date | str) -> str:
    """Return a date, or an ISO date, in words.

    >>> day("2016-10-22"), day(date(2016, 10, 2))
    ('22 October 2016', '2 October 2016')
    """
    return f"{date.fromisoformat(one) if isinstance(one, str) else one:%-d %B %Y}"


def minute(iso: str) -> str:
    """Return an ISO time to the minute.

    >>> minute("2016-10-22T14:05:09+00:00")
    '2016-10-22 14:05'
    """
    return iso[: len("2016-10-22T14:05")].replace("T", " ")
