"""The watch list: customers at risk, why, how much money that is, and what to do next."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bankseg_assets.attrition.rankings import MODEL, RECENCY
from bankseg_assets.attrition.rhythm import (
    LOWER_BALANCE,
    SILENT,
    SPENDS_LESS,
    Rhythms,
    balance_left,
    may_return,
    reasons,
    risk,
    spending_left,
    usual_gap,
)
from bankseg_assets.presentation.phrases import days as in_days
from bankseg_assets.stats.arrays import Array, Mask

MOST_LISTED = 5_000
"""Customers on the list: more than a bank calls in a month."""
HORIZON = 90
"""Days, of the money at risk."""
UNLIKELY = 0.5
"""With a lower probability to be active, a customer is listed by the model."""
NEXT_STEPS = {
    SILENT: "Call, and ask whether something is missing",
    LOWER_BALANCE: "Ask where the money is needed, and offer a better account for it",
    SPENDS_LESS: "Make an offer for what the customer used to pay",
    RECENCY: "Send a reminder, the most valuable customers first",
}
"""Reason -> next step; the first one that holds counts."""


@dataclass(frozen=True)
class Watched:
    """Customers with a chance to be listed. p_alive: NaN where the model does not know it."""

    customer_id: list[str]
    rhythms: Rhythms
    p_alive: Array


def watch_list(some: Watched, *, by: str, span: int, recent: int) -> pd.DataFrame:
    """Return the customers at risk as WATCH_LIST, the most money at risk first.

    `by`: the ranking of `rankings`. By recency, no customer needs a reason: who is leaving
    is unknown, and the customers with most money and longest silence are listed.
    """
    rhythms = some.rhythms
    held = reasons(rhythms, recent)
    spend = np.maximum(rhythms.spend, 0.0)
    usual = spend * HORIZON / np.clip(rhythms.age, min(HORIZON, span), None)
    if by == RECENCY:
        chances = np.clip(rhythms.recency / span, 0.0, 1.0)
        listed = spend > 0
    else:
        chances = risk(rhythms, recent)
        if by == MODEL:
            chances = np.where(np.isnan(some.p_alive), chances, 1 - some.p_alive)
            held[SILENT] = held[SILENT] | (np.nan_to_num(some.p_alive, nan=1.0) < UNLIKELY)
        listed = np.logical_or.reduce(list(held.values())) & may_return(rhythms, recent)
    money = usual * chances
    order = np.flatnonzero(listed)
    order = order[np.lexsort((order, -chances[order], -money[order]))][:MOST_LISTED]
    places = order.tolist()
    gaps = usual_gap(rhythms)
    shares = {SPENDS_LESS: spending_left(rhythms, recent), LOWER_BALANCE: balance_left(rhythms)}
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(order) + 1),
            "customer_id": [some.customer_id[place] for place in places],
            "reason": [_reason(place, rhythms, held, gaps, shares, recent) for place in places],
            "next_step": [_next_step(place, held) for place in places],
            "risk": chances[order],
            "money_at_risk": money[order],
            "usual_spend_90": usual[order],
            "recency": rhythms.recency[order].astype(np.int32),
            "usual_gap": gaps[order],
            "active_days": rhythms.active_days[order].astype(np.int32),
        }
    )


def _next_step(place: int, held: dict[str, Mask]) -> str:
    found = (name for name in (SILENT, LOWER_BALANCE, SPENDS_LESS) if held[name][place])
    return NEXT_STEPS[next(found, RECENCY)]


def _reason(
    place: int,
    some: Rhythms,
    held: dict[str, Mask],
    gaps: Array,
    shares: dict[str, Array],
    recent: int,
) -> str:
    """Return the reasons of a customer as a sentence."""
    found = []
    if held[SILENT][place]:
        usual = in_days(max(round(float(gaps[place])), 1))
        found.append(f"silent for {in_days(some.recency[place])}, usually {usual}")
    if held[SPENDS_LESS][place]:
        found.append(
            f"spending in the last {recent} days at {shares[SPENDS_LESS][place]:.0%} of the usual"
        )
    if held[LOWER_BALANCE][place]:
        found.append(f"balance at {max(shares[LOWER_BALANCE][place], 0):.0%} of the usual one")
    text = "; ".join(found) or f"last transaction {in_days(some.recency[place])} ago"
    return f"{text[0].upper()}{text[1:]}"
