"""The result of a campaign, from what its customers did."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from bankseg_assets.campaigns.campaign import Campaign
from bankseg_assets.campaigns.effects import (
    Outcomes,
    balance_of,
    compared,
    effect_of,
    effects_of,
    figures_of,
)
from bankseg_assets.campaigns.looks import EARLIER_ALPHA, MOST_LOOKS, PlannedLook, planned_looks
from bankseg_assets.campaigns.planning import LEAST_ARM, NAMES
from bankseg_assets.campaigns.results import (
    CUPED,
    HARMED,
    TOO_EARLY,
    TOO_FEW,
    WELCH,
    WORKED,
    Balance,
    CampaignResult,
    Effect,
    Look,
    Method,
    Verdict,
)
from bankseg_assets.campaigns.segment_effects import segment_effects
from bankseg_assets.campaigns.verdicts import verdict_of
from bankseg_assets.campaigns.wording import certainty, decided, headline, next_step
from bankseg_assets.presentation.disclosure import SMALLEST_CELL
from bankseg_assets.presentation.formatting import PLAIN, day, number

_SKEWED = (
    "A few customers have most of the total, so that chance decides in which arm they are: the "
    "interval may be wrong, and decides nothing. Choose the number of transactions or active "
    "customers as the measure, a larger audience, or a control group of half of it."
)
_SHOWN_ALPHA = EARLIER_ALPHA / (MOST_LOOKS - 1)
"""Of the interval of a day that is not planned, which only shows."""


def measured_days(campaign: Campaign, data_through: date | None) -> tuple[date, ...]:
    """Return the days until which a campaign is measured: the looks so far, and the newest day."""
    if data_through is None or data_through < campaign.starts_on:
        return ()
    last = min(data_through, campaign.ends_on)
    return tuple(sorted({one.day for one in planned_looks(campaign) if one.day <= last} | {last}))


def measured(campaign: Campaign, outcomes: Outcomes, *, style: str = PLAIN) -> CampaignResult:
    """Return the result of a campaign; `outcomes`: until each of `measured_days`."""
    if min(outcomes.sizes) < SMALLEST_CELL:
        return _without_figures(campaign, outcomes)
    shown = [
        place
        for place in range(len(outcomes.days))
        if not outcomes.hides(outcomes.transactions[:, place])
    ]
    if len(outcomes.days) - 1 not in shown:  # once shown, always: the counts do not fall
        return _without_figures(campaign, outcomes)
    outcomes = outcomes.until(shown)
    method: Method = WELCH if outcomes.before is None else CUPED
    looks = _looks(campaign, outcomes, method)
    deciding = [one for one in looks if one.is_planned and one.verdict in (WORKED, HARMED)]
    newest = next((one for one in reversed(looks) if one.is_planned), None)
    verdict: Verdict = TOO_EARLY
    if min(outcomes.sizes) < LEAST_ARM:
        verdict = TOO_FEW
    elif deciding:
        verdict = deciding[-1].verdict
    elif newest is not None:
        verdict = newest.verdict
    effect, measure = looks[-1].effect, campaign.request.measure
    balance = balance_of(outcomes)
    sentences = list(certainty(campaign, effect, newest, style))
    if deciding and not deciding[0].is_last:
        sentences.insert(0, decided(deciding[0].day))
    is_over = newest is not None and newest.is_last
    return _result(
        campaign,
        outcomes,
        verdict=verdict,
        headline=headline(campaign, verdict, _shown_effect(effect, deciding), style),
        sentences=tuple(sentences),
        next_step=next_step(campaign, verdict),
        decided_on=deciding[0].day if deciding else None,
        arms=figures_of(outcomes, campaign.currency),
        balance=balance,
        effects=tuple(effects_of(outcomes, campaign.currency)),
        effect=effect,
        over_time=tuple(looks),
        segments=segment_effects(campaign, outcomes, method, is_over=is_over),
        notes=(
            *_notes(campaign, outcomes, balance),
            *([] if compared(outcomes, measure, -1, method).is_near_normal else [_SKEWED]),
        ),
    )


def unmeasured(campaign: Campaign, reason: str = "") -> CampaignResult:
    """Return the result before any transaction of its days; `reason`: another, in a sentence."""
    first = day(campaign.starts_on)
    return CampaignResult(
        campaign_id=campaign.id,
        name=campaign.name,
        currency=campaign.currency,
        measure=campaign.request.measure,
        verdict=TOO_EARLY,
        headline="Too early.",
        sentences=(reason or f"No transactions from {first} on have been delivered yet.",),
        next_step=next_step(campaign, TOO_EARLY),
        starts_on=campaign.starts_on,
        ends_on=campaign.ends_on,
        days_planned=campaign.days,
        customers=campaign.customers,
    )


def _shown_effect(effect: Effect, deciding: Sequence[Look]) -> Effect:
    """Return the newest effect, or that of the look which decided if the sign changed since."""
    if deciding and effect.difference * deciding[-1].effect.difference <= 0:
        return deciding[-1].effect
    return effect


def _looks(campaign: Campaign, outcomes: Outcomes, method: Method) -> list[Look]:
    planned = {one.day: one for one in planned_looks(campaign)}
    return [
        _look(campaign, outcomes, place, method, planned.get(one))
        for place, one in enumerate(outcomes.days)
    ]


def _look(
    campaign: Campaign, outcomes: Outcomes, place: int, method: Method, planned: PlannedLook | None
) -> Look:
    measure, currency = campaign.request.measure, campaign.currency
    found = compared(outcomes, measure, place, method)
    alpha = planned.alpha if planned else _SHOWN_ALPHA
    low, high = found.interval(alpha)
    verdict: Verdict = TOO_EARLY
    if planned and min(outcomes.sizes) >= LEAST_ARM:
        worthwhile = campaign.request.worthwhile
        verdict = verdict_of(found, alpha, worthwhile, is_last=planned.is_last)
    on = outcomes.days[place]
    return Look(
        day=on,
        days=(on - campaign.starts_on).days + 1,
        is_planned=planned is not None,
        is_last=planned is not None and planned.is_last,
        effect=effect_of(found, outcomes, measure, place, method, currency),
        decision_low=low,
        decision_high=high,
        verdict=verdict,
    )


def _without_figures(campaign: Campaign, outcomes: Outcomes) -> CampaignResult:
    """Return the result where too few customers are in an arm, or were active."""
    treated, held_out = outcomes.sizes
    verdict: Verdict = TOO_FEW
    if not treated and not held_out:
        found = "All customers of the campaign were erased since."
    elif not held_out or not treated:
        arm = "held out" if not held_out else "contacted"
        found = (
            f"No customer was {arm}, so that nothing can be proved: what these customers did could "
            "have happened without the campaign."
        )
    elif min(treated, held_out) < SMALLEST_CELL:
        found = f"An arm has fewer than {SMALLEST_CELL} customers, whose figures are not shown."
    else:
        found = (
            f"Fewer than {SMALLEST_CELL} customers of an arm had a transaction so far; figures of "
            "so few are not shown."
        )
        if outcomes.days[-1] < campaign.ends_on:
            verdict = TOO_EARLY
    return _result(
        campaign,
        outcomes,
        verdict=verdict,
        headline=headline(campaign, verdict, None),
        sentences=(found,),
        next_step=next_step(campaign, verdict, can_prove=bool(treated and held_out)),
        notes=tuple(_notes(campaign, outcomes, ())),
    )


def _notes(campaign: Campaign, outcomes: Outcomes, balance: tuple[Balance, ...]) -> Iterator[str]:
    gone = campaign.customers - len(outcomes.held_out)
    if gone > 0:
        yield (
            "Some customers were erased since, and are in neither arm."
            if gone < SMALLEST_CELL
            else f"{number(gone)} customers were erased since, and are in neither arm."
        )
    if outcomes.before is None:
        yield (
            "No history was stored when the campaign was made, so that the arms are compared "
            "without it (Welch), and their balance before the start is not known."
        )
    apart = [NAMES[one.measure] for one in balance if not one.is_balanced]
    if apart:
        yield (
            "Before the start, the arms differed more than chance usually gives in "
            f"{' and '.join(apart)}. CUPED corrects for it."
        )


def _result(campaign: Campaign, outcomes: Outcomes, **found: Any) -> CampaignResult:
    last = outcomes.days[-1]
    gone = campaign.customers - len(outcomes.held_out)
    return CampaignResult(
        campaign_id=campaign.id,
        name=campaign.name,
        currency=campaign.currency,
        measure=campaign.request.measure,
        starts_on=campaign.starts_on,
        ends_on=campaign.ends_on,
        measured_through=last,
        days=(last - campaign.starts_on).days + 1,
        days_planned=campaign.days,
        customers=len(outcomes.held_out),
        gone=0 if gone < SMALLEST_CELL else gone,
        **found,
    )
