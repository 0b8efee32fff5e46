"""Tables of groups and segments with customers, money and action."""

import re
from collections.abc import Sequence

import pandas as pd

from app.widgets.measures import money_name
from app.widgets.numbers import Numbers
from bankseg_assets.campaigns.audiences import Total
from bankseg_assets.presentation.disclosure import HIDDEN

_WHOLE = re.compile(r"[0-9]{1,9}|[0-9]{1,3}(?:[ ,.'][0-9]{2,3}){0,2}[ ,.'][0-9]{3}")
"""Digits, also grouped by thousands or lakhs, but no decimals: 1.5 is not 15."""
HIDDEN_NOTE = "Hidden: fewer than 11 customers, or a number from which so few could be calculated."


def audience_table(
    found: Sequence[Total], numbers: Numbers, *, title: str, direction_known: bool
) -> pd.DataFrame:
    """Return groups or segments as a formatted table; `title`: of the first column."""
    money = money_name(direction_known)
    rows = [
        (
            total.audience.name,
            *(
                (HIDDEN, HIDDEN, HIDDEN)
                if total.customers is None or total.money is None
                else (
                    numbers.number(total.customers),
                    numbers.short_money(float(total.money)),
                    numbers.money(round(float(total.money) / total.customers)),
                )
            ),
            total.audience.action,
        )
        for total in found
    ]
    columns = [title, "Customers", money, f"{money} per customer", "Action"]
    return pd.DataFrame(rows, columns=columns)


def label(total: Total, numbers: Numbers) -> str:
    """Return an audience with its customers and money, for a picker."""
    if total.customers is None or total.money is None:
        return total.audience.name
    money = numbers.short_money(float(total.money))
    return f"{total.audience.name} · {numbers.count(total.customers)} customers · {money}"


def wanted_customers(choice: int | str) -> int | None:
    """Return a number of customers, chosen or typed; None if it is none. 0 means all.

    >>> wanted_customers(500), wanted_customers(" 1,500 "), wanted_customers("many")
    (500, 1500, None)
    """
    text = str(choice).strip()
    if not _WHOLE.fullmatch(text):
        return None
    return int(re.sub("[^0-9]", "", text))
