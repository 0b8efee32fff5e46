"""The result of a campaign as one table: a row for each effect that was measured."""

from typing import Any

import pandas as pd

from bankseg_assets.campaigns.campaign import ACTIVE, SPEND, TRANSACTIONS, Campaign, Measure
from bankseg_assets.campaigns.results import (
    HELD_OUT,
    TREATED,
    Arm,
    ArmFigures,
    CampaignResult,
    Effect,
)

WHOLE, UNTIL, SEGMENT = "campaign", "until the day", "segment"
COLUMNS = (
    *("campaign", "rows_of", "day", "segment", "measure", "method", "treated", "held_out"),
    *("mean_treated", "mean_held_out", "difference", "low", "high"),
    *("relative", "relative_low", "relative_high", "total", "total_low", "total_high"),
    *("p_value", "adjusted_p", "decision_low", "decision_high", "verdict", "currency"),
)


def result_table(campaign: Campaign, result: CampaignResult) -> pd.DataFrame:
    """Return the effects of the campaign, until each look, and of each segment.

    `rows_of`: `campaign`, `until the day` or `segment`. Amounts are in `currency`.
    """
    arms = {one.arm: one for one in result.arms}
    rows = [
        *(_whole(one, arms, result) for one in result.effects),
        *(
            {
                **{"rows_of": UNTIL, "day": one.day.isoformat(), "verdict": one.verdict},
                **_numbers(one.effect),
                **{"decision_low": one.decision_low, "decision_high": one.decision_high},
            }
            for one in result.over_time
        ),
        *(
            {
                **{"rows_of": SEGMENT, "segment": one.segment, "verdict": one.verdict},
                **{"treated": one.treated, "held_out": one.held_out, "adjusted_p": one.adjusted_p},
                **(_numbers(one.effect) if one.effect else {}),
            }
            for one in result.segments
        ),
    ]
    fixed = {"campaign": campaign.name, "currency": result.currency}
    table = pd.DataFrame([row | fixed for row in rows], columns=list(COLUMNS))
    whole = {name: table[name].astype("Int64") for name in ("treated", "held_out")}
    return table.assign(**whole)


def _whole(effect: Effect, arms: dict[Arm, ArmFigures], result: CampaignResult) -> dict[str, Any]:
    treated, held_out = arms.get(TREATED), arms.get(HELD_OUT)
    is_deciding = result.effect is not None and effect == result.effect
    return {
        "rows_of": WHOLE,
        "day": result.measured_through.isoformat() if result.measured_through else None,
        "treated": treated.customers if treated else None,
        "held_out": held_out.customers if held_out else None,
        "mean_treated": _mean(treated, effect.measure),
        "mean_held_out": _mean(held_out, effect.measure),
        "verdict": result.verdict if is_deciding else None,
        **_numbers(effect),
    }


def _mean(arm: ArmFigures | None, measure: Measure) -> float | None:
    if arm is None:
        return None
    return {SPEND: arm.spend, TRANSACTIONS: arm.transactions, ACTIVE: arm.active_share}[measure]


def _numbers(effect: Effect) -> dict[str, Any]:
    return effect.model_dump(exclude={"narrowing"})
