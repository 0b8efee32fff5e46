"""The figures of all customers over the versions: as lines in the boxes, and as a table."""

from collections.abc import Sequence

import pandas as pd

from app.widgets.measures import money_name
from app.widgets.numbers import Numbers
from bankseg_assets.campaigns.release_figures import ReleaseFigures
from bankseg_assets.campaigns.trend_series import money_per_customer
from bankseg_assets.campaigns.trend_words import UNKNOWN
from bankseg_assets.presentation.formatting import day, percent


def lines(found: Sequence[ReleaseFigures]) -> dict[str, list[float]]:
    """Return figure -> its values, oldest first, of those with at least two known ones."""
    whole = [one.whole for one in found]
    values: dict[str, Sequence[float | None]] = {
        "customers": [one.customers for one in whole],
        "money": [one.money for one in whole],
        "average": [money_per_customer(one) for one in whole],
        "income": [one.income for one in whole],
        "repeat": [one.repeat_share for one in whole],
    }
    # As the changes, to a tenth of a per cent or point: a line between equals would be a slope.
    known = {
        name: [
            round(one, 3) if name == "repeat" else float(f"{one:.4g}")
            for one in line
            if one is not None
        ]
        for name, line in values.items()
    }
    return {name: line for name, line in known.items() if len(line) > 1}


def as_table(
    found: Sequence[ReleaseFigures], numbers: Numbers, *, direction_known: bool
) -> pd.DataFrame:
    """Return a row for each version, the newest first; columns without a figure are left out."""
    money = money_name(direction_known)
    rows = []
    for one in reversed(found):
        whole, each = one.whole, money_per_customer(one.whole)
        rows.append(
            {
                "Version": str(one.number),
                "Snapshot": day(one.snapshot_date) if one.snapshot_date else UNKNOWN,
                "Customers": UNKNOWN if whole.customers is None else numbers.count(whole.customers),
                money: UNKNOWN if whole.money is None else numbers.short_money(whole.money),
                f"{money} per customer": UNKNOWN if each is None else numbers.money(round(each)),
                "Income": UNKNOWN if whole.income is None else numbers.short_money(whole.income),
                "More than one transaction": _share(whole.repeat_share),
                f"Active in the last {one.active_days} days": _share(whole.active_share),
            }
        )
    table = pd.DataFrame(rows).fillna(UNKNOWN)
    return table.loc[:, (table != UNKNOWN).any()]


def _share(share: float | None) -> str:
    return UNKNOWN if share is None else percent(share)
