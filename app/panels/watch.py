"""Tables of the watch list."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from app.widgets.numbers import Numbers
from bankseg_assets.presentation.disclosure import is_small
from bankseg_assets.presentation.formatting import percent

RANKINGS = {"model": "Model (BG/NBD)", "rules": "Rules", "recency": "Recency alone"}
FIRST = 25
"""Customers on the page; the file has all."""


def quality_table(test: Mapping[str, Any]) -> pd.DataFrame:
    """Return the precision and lift of each ranking; empty if they could not be tested."""
    return pd.DataFrame(
        [
            {"Ranking": f"{label}{' (used)' if name == test['by'] else ''}"}
            | {
                f"Top {share:.0%}": f"{percent(found)} left, {found / test['left']:.1f} times"
                for share, found in zip(test["shares"], test["precision"][name], strict=True)
            }
            for name, label in RANKINGS.items()
            if name in test["precision"]
        ]
    )


def steps_table(rows: pd.DataFrame, numbers: Numbers) -> pd.DataFrame:
    """Return customers and money at risk by next step; few customers are left out."""
    found = rows.groupby("next_step")["money_at_risk"].agg(["count", "sum"])
    return pd.DataFrame(
        [
            {
                "Next step": step,
                "Customers": numbers.number(one["count"]),
                "Money at risk, 90 days": numbers.short_money(one["sum"]),
            }
            for step, one in found.sort_values("sum", ascending=False).iterrows()
            if not is_small(int(one["count"]))
        ]
    )


def customers_table(rows: pd.DataFrame, numbers: Numbers) -> pd.DataFrame:
    """Return the first customers with reason, money at risk and next step."""
    return pd.DataFrame(
        [
            {
                "Customer": row["customer_id"],
                "Reason": row["reason"],
                "Money at risk, 90 days": numbers.money(round(row["money_at_risk"])),
                "Next step": row["next_step"],
            }
            for _, row in rows.head(FIRST).iterrows()
        ]
    )
