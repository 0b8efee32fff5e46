"""A campaign and its result, as documents."""

from datetime import date
from typing import Any

from bankseg_assets.campaigns.campaign import Campaign, CampaignRequest
from bankseg_assets.campaigns.results import (
    ArmFigures,
    Balance,
    CampaignResult,
    Effect,
    Look,
    SegmentEffect,
)

STARTS, ENDS = date(2016, 10, 22), date(2016, 11, 20)


def campaign(**changes: Any) -> Campaign:
    """Return a campaign of 950 customers, 95 of them held out."""
    request = CampaignRequest(
        name="Spring", goal="A second card payment", starts_on=STARTS, ends_on=ENDS
    )
    fields: dict[str, Any] = {
        **{"id": "20161022-spring", "name": "Spring", "audience": "At risk", "request": request},
        **{"created_at": "2016-10-22T09:00:00+00:00", "created_by": "ann"},
        **{"starts_on": STARTS, "ends_on": ENDS, "release": "r1", "is_demo": False},
        **{"currency": "INR", "snapshot_date": "2016-10-22"},
        **{"customers": 950, "treated": 855, "held_out": 95},
        **{"left_out_by_objection": 30, "left_out_by_contact": 20},
        "plan_sentences": ("It can detect 12% more spending.",),
    }
    return Campaign(**fields | changes)


def effect(difference: float = 12.0, half: float = 8.0, **changes: Any) -> Effect:
    """Return an effect on the spending of a customer, of 855 who were contacted."""
    low, high = difference - half, difference + half
    fields: dict[str, Any] = {
        **{"measure": "spend", "method": "CUPED", "difference": difference},
        **{"low": low, "high": high, "p_value": 0.004, "narrowing": 0.2},
        **{"relative": difference / 120, "relative_low": low / 120, "relative_high": high / 120},
        **{"total": 855 * difference, "total_low": 855 * low, "total_high": 855 * high},
    }
    return Effect(**fields | changes)


def look(day: date, found: Effect, **changes: Any) -> Look:
    """Return a look at the effect until a day; its deciding interval is half as wide again."""
    half = 0.75 * (found.high - found.low)
    fields: dict[str, Any] = {
        **{"day": day, "days": (day - STARTS).days + 1, "is_planned": True, "is_last": False},
        **{"effect": found, "verdict": "too early"},
        **{"decision_low": found.difference - half, "decision_high": found.difference + half},
    }
    return Look(**fields | changes)


def result(**changes: Any) -> CampaignResult:
    """Return the result of a campaign that worked."""
    found = effect()
    fields: dict[str, Any] = {
        **{"campaign_id": "20161022-spring", "name": "Spring", "currency": "INR"},
        **{"measure": "spend", "verdict": "worked", "starts_on": STARTS, "ends_on": ENDS},
        "headline": "The campaign worked: a contacted customer spent INR 12 more.",
        "sentences": ("The interval does not include zero.",),
        "next_step": "Contact the customers who were held out, too.",
        **{"measured_through": ENDS, "days": 30, "days_planned": 30, "customers": 950},
        "arms": (arm("treated", 855, 132.0, 0.5), arm("held out", 95, 120.0, 0.4)),
        "balance": (balance(),),
        "effects": (effect(11.0, method="Welch", narrowing=0.0), found),
        "effect": found,
        "over_time": (
            look(date(2016, 11, 5), effect(10.0, 20.0)),
            look(ENDS, found, is_last=True, verdict="worked"),
        ),
        "segments": (
            SegmentEffect(segment="Big spenders", treated=400, held_out=45, effect=effect(20.0)),
            SegmentEffect(segment="Savers", sentence="Too few customers to be shown."),
        ),
        "notes": ("Refunds count as negative spending.",),
    }
    return CampaignResult(**fields | changes)


def arm(name: Any, customers: int, spend: float, active: float) -> ArmFigures:
    """Return the figures of an arm."""
    return ArmFigures(
        arm=name,
        customers=customers,
        spend=spend,
        spend_total=spend * customers,
        transactions=1.5,
        active_share=active,
    )


def balance(**changes: Any) -> Balance:
    """Return a balanced measure before the start."""
    fields: dict[str, Any] = {
        **{"measure": "spend", "treated": 101.0, "held_out": 99.0},
        **{"standardised_difference": 0.02, "is_balanced": True},
    }
    return Balance(**fields | changes)
