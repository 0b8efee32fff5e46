"""Phrases with figures: shares that never round to none or all, negative money, plurals."""

from collections.abc import Callable, Mapping
from typing import Any

MoneyText = Callable[[float], str]
"""An amount of at least zero -> the text with its currency."""


def knows_direction(profile: Mapping[str, Any]) -> bool:
    """Return whether a row of SEGMENT_PROFILES has spending and income apart.

    >>> knows_direction({"total_income": 0.0}), knows_direction({"total_income": None})
    (True, False)
    """
    return profile.get("total_income") is not None


REMOVED_BEFORE = "removed_before"
"""In the overview of the EDA report: the day before which transactions were removed."""


def window_note(overview: Mapping[str, Any]) -> str:
    """Return that old transactions were removed, and what counts from then on; empty if none were.

    >>> window_note({"removed_before": "2016-05-27"})[:47]
    'Transactions before 2016-05-27 were removed for'
    """
    if not (day := overview.get(REMOVED_BEFORE)):
        return ""
    return (
        f"Transactions before {day} were removed for their age: recency, frequency and sums count "
        "from that day."
    )


def whole_percent(share: float) -> str:
    """Return a share of 1 in whole per cent; never none or all of something in between.

    >>> whole_percent(0.124), whole_percent(0.005), whole_percent(0.998), whole_percent(-0.001)
    ('12%', 'under 1%', 'over 99%', '0%')
    """
    if 0 < share <= 0.005:  # noqa: PLR2004
        return "under 1%"
    if 0.995 <= share < 1:  # noqa: PLR2004
        return "over 99%"
    return f"{share:z.0%}"


def days(count: float) -> str:
    """Return whole days in figures.

    >>> days(1.0), days(40.0)
    ('1 day', '40 days')
    """
    shown = f"{count:z,.0f}"
    return f"{shown} day" if shown == "1" else f"{shown} days"


def balance_phrase(balance: float, money: MoneyText) -> str:
    """Return what customers have, as the end of "and …".

    >>> balance_phrase(-600, "EUR {:.0f}".format), balance_phrase(0, "EUR {:.0f}".format)
    ('an overdraft of about EUR 600', 'a balance of EUR 0')
    """
    if balance < 0:
        return f"an overdraft of about {money(-balance)}"
    return f"a balance of {'about ' if balance else ''}{money(balance)}"


def transaction_phrase(amount: float, money: MoneyText) -> str:
    """Return what one transaction is, as the end of "one … of them".

    >>> transaction_phrase(-12, "EUR {:.0f}".format), transaction_phrase(0, "EUR {:.0f}".format)
    ('a net refund of about EUR 12', 'EUR 0')
    """
    if amount < 0:
        return f"a net refund of about {money(-amount)}"
    return f"{'about ' if amount else ''}{money(amount)}"


def income_phrase(income: float, money: MoneyText) -> str:
    """Return what customers received in the days of the data, as an item of a list.

    >>> income_phrase(12_000, "EUR {:.0f}".format), income_phrase(0, "EUR {:.0f}".format)
    ('income of about EUR 12000 in all', 'no income')
    """
    if income < 0:
        return f"about {money(-income)} of income reversed"
    return f"income of about {money(income)} in all" if income else "no income"


def money_moved(
    share: float, total: float, money: MoneyText, *, direction_known: bool = False
) -> str:
    """Return the verb phrase on a segment's money: a share of what all segments bring.

    Where the direction of amounts is known, that money is spending.

    >>> money_moved(0.25, 1000, "EUR {:.0f}".format), money_moved(0, -70, "EUR {:.0f}".format)
    ('move 25% of the money', 'get back EUR 70 more than they spend')
    """
    if total < 0:
        return f"get back {money(-total)} more than they spend"
    if direction_known:
        return f"make {whole_percent(share)} of the spending" if total else "spend nothing"
    return f"move {whole_percent(share)} of the money" if total else "move no money"


def money_brought(
    share: float, total: float, money: MoneyText, *, direction_known: bool = False
) -> str:
    """Return the same for a list of reasons, with the sum.

    >>> money_brought(0.25, 1000, "EUR {:.0f}".format)
    'bring 25% of the money (EUR 1000)'
    """
    moved = money_moved(share, total, money, direction_known=direction_known)
    if total <= 0:
        return moved
    brought = moved if direction_known else f"bring {whole_percent(share)} of the money"
    return f"{brought} ({money(total)})"
