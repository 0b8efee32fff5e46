"""The figures of a release on Overview, and their change since the previous one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from app.panels.explore import knows_direction
from bankseg_assets.presentation.disclosure import is_small


@dataclass(frozen=True)
class Facts:
    """Figures of all customers; None: unknown, or of too few customers to be shown.

    money, income: sums in the bank's currency. repeat: the share with more than one transaction.
    """

    customers: int = 0
    money: float | None = None
    income: float | None = None
    repeat: float | None = None

    @property
    def average(self) -> float | None:
        """Money per customer."""
        return None if self.money is None else self.money / self.customers


def facts_of(
    customers: int | None,
    report: Mapping[str, Any],
    profiles: pd.DataFrame,
    *,
    direction_known: bool,
) -> Facts:
    """Return the figures of a release.

    `customers`: of its model; None to count those of the EDA report. `report`: the tables of the
    EDA report. `profiles`: the profiles of the segments.
    """
    window = (report.get("overview") or [{}])[0]
    count = int(window.get("customers", 0) if customers is None else customers)
    if not count or is_small(count):
        return Facts(count)
    money = window.get("amount_total")
    if direction_known and not knows_direction(report):
        money = None  # older reports sum both directions
    if money is None and not profiles.empty:
        money = profiles["total_monetary"].sum()
    income = None
    # The sum over segments reveals no more than the segments do.
    if direction_known and money is not None and "total_income" in profiles:
        income = float(profiles["total_income"].sum()) or None
    repeat = window.get("repeat_customers")
    return Facts(
        count,
        None if money is None else float(money),
        income,
        None if repeat is None else repeat / max(window["customers"], 1),
    )
