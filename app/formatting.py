"""Numbers and dates as people read them."""

from datetime import date


def number(value: float) -> str:
    """Return a number with thousands separators, and two decimals unless it is whole.

    >>> number(884265), number(833.333)
    ('884,265', '833.33')
    """
    rounded = round(float(value), 2)
    return f"{rounded:,.0f}" if rounded.is_integer() else f"{rounded:,.2f}"


def quantity(value: float, unit: str) -> str:
    """Return a number with its unit, which contracts write in the plural.

    >>> quantity(1, "days"), quantity(45, "days")
    ('1 day', '45 days')
    """
    shown = number(value)
    return f"{shown} {unit.removesuffix('s') if shown == '1' else unit}"


def money(value: float, currency: str) -> str:
    """Return an amount with its currency in front.

    >>> money(1234567.5, "INR")
    'INR 1,234,567.50'
    """
    return f"{currency} {number(value)}"


def percent(share: float) -> str:
    """Return a share of 1 with one decimal; never 0 % or 100 % of something in between.

    >>> percent(0.9312), percent(0.99999), percent(0.00001)
    ('93.1%', '>99.9%', '<0.1%')
    """
    shown = f"{share:.1%}"
    if shown == "0.0%" and share > 0:
        return "<0.1%"
    if shown == "100.0%" and share < 1:
        return ">99.9%"
    return shown


def day(iso: str) -> str:
    """Return an ISO date in words.

    >>> day("2016-10-22")
    '22 October 2016'
    """
    return f"{date.fromisoformat(iso):%-d %B %Y}"
