"""Effects of campaigns in the unit of their measure: money, transactions or active customers."""

from bankseg_assets.campaigns.campaign import ACTIVE, SPEND, Measure
from bankseg_assets.campaigns.results import Effect
from bankseg_assets.presentation.formatting import (
    PLAIN,
    money,
    number,
    percent,
    short,
    three_digits,
)

MEASURE_NAMES: dict[Measure, str] = {
    "spend": "Spending",
    "transactions": "Transactions",
    "active": "Active customers",
}
UNKNOWN = "not known"


def mean_text(measure: Measure, value: float, currency: str, style: str = PLAIN) -> str:
    """Return the mean of a customer.

    >>> mean_text("spend", 1234.56, "INR"), mean_text("active", 0.25, "INR")
    ('INR 1,230', '25.0%')
    >>> mean_text("transactions", 1.234, "INR")
    '1.23'
    """
    if measure == ACTIVE:
        return percent(value)
    if measure == SPEND:
        return money(three_digits(value), currency, style)
    return number(three_digits(value), style)


def each_text(measure: Measure, value: float, currency: str, style: str = PLAIN) -> str:
    """Return a difference of a customer; of active customers, in percentage points.

    >>> each_text("spend", -12.34, "EUR"), each_text("active", 0.0123, "EUR")
    ('EUR -12.30', '1.2 points')
    """
    if measure == ACTIVE:
        return _counted(number(100 * value, style, 1), "points")
    if measure == SPEND:
        return money(three_digits(value), currency, style)
    return number(value, style, 3)


def total_text(measure: Measure, value: float, currency: str, style: str = PLAIN) -> str:
    """Return a difference of all customers who were contacted.

    >>> total_text("spend", 12_340_000, "EUR"), total_text("active", 120.4, "EUR")
    ('EUR 12.3 million', '120 customers')
    """
    if measure == SPEND:
        return f"{currency} {short(value, style)}"
    unit = "customers" if measure == ACTIVE else "transactions"
    return _counted(short(round(value), style), unit)


def relative_text(effect: Effect) -> str:
    """Return the relative effect with its interval, where it is known."""
    if effect.relative is None:
        return UNKNOWN
    if effect.relative_low is None or effect.relative_high is None:
        return percent(effect.relative)
    low, high = percent(effect.relative_low), percent(effect.relative_high)
    return f"{percent(effect.relative)} ({low} to {high})"


def each_with_interval(effect: Effect, currency: str, style: str = PLAIN) -> str:
    """Return the difference of a customer with its interval."""
    values = (effect.difference, effect.low, effect.high)
    return _with_interval(*(each_text(effect.measure, one, currency, style) for one in values))


def total_with_interval(effect: Effect, currency: str, style: str = PLAIN) -> str:
    """Return the difference of all contacted customers with its interval."""
    values = (effect.total, effect.total_low, effect.total_high)
    return _with_interval(*(total_text(effect.measure, one, currency, style) for one in values))


def _counted(shown: str, unit: str) -> str:
    return f"{shown} {unit.removesuffix('s') if shown == '1' else unit}"


def interval_text(low: str, high: str) -> str:
    """Return an interval that has the currency and the unit of its ends once.

    >>> interval_text("INR 4", "INR 20"), interval_text("347 customers", "585 customers")
    ('INR 4 to 20', '347 to 585 customers')
    >>> interval_text("INR 39.3 lakh", "INR 66.1 lakh"), interval_text("0.1", "0.2")
    ('INR 39.3 to 66.1 lakh', '0.1 to 0.2')
    """
    first, last = low.split(" "), high.split(" ")
    if len(first) > 1 and first[-1] == last[-1]:
        first.pop()
    if len(last) > 1 and first[0] == last[0]:
        last.pop(0)
    return f"{' '.join(first)} to {' '.join(last)}"


def _with_interval(value: str, low: str, high: str) -> str:
    return f"{value} ({interval_text(low, high)})"
