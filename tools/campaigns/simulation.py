"""Simulate many campaigns of a known effect, and count what their results say."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from bankseg_assets.campaigns.campaign import SPEND, Campaign, CampaignRequest, Measure
from bankseg_assets.campaigns.effects import Outcomes
from bankseg_assets.campaigns.history import (
    before_days,
    history_from,
    stretches_of,
    values_of,
)
from bankseg_assets.campaigns.measuring import measured, measured_days
from bankseg_assets.campaigns.planning import detectable_of
from bankseg_assets.campaigns.results import CUPED, HARMED, WELCH, WORKED, CampaignResult
from bankseg_assets.campaigns.transaction_sums import Sums
from bankseg_assets.scoring.lists.hold_out import HoldOut
from bankseg_assets.stats.arrays import Labels
from tools.campaigns.populations import Population

SEGMENTS = 3
"""Of customers at random, so that the corrected segments can be tested."""


@dataclass(frozen=True)
class Setting:
    """What is simulated: customers of each campaign, the share held out, and the effect.

    effect: each transaction of a contacted customer happens twice with this probability.
    """

    population: Population
    customers: int
    share: float
    effect: float
    measure: Measure = SPEND
    campaigns: int = 200
    seed: int = 1


@dataclass(frozen=True)
class Found:
    """Shares of campaigns: worked, harmed, and any segment wrong; coverage of both intervals.

    predicted: the mean of the power in the plans. narrowing: the mean, by CUPED.
    """

    setting: Setting
    worked: float
    harmed: float
    predicted: float
    coverage_welch: float
    coverage: float
    narrowing: float
    segments_decided: float


def simulate(setting: Setting) -> Found:
    """Return what was found in the campaigns of a setting."""
    rows = np.array(list(_campaigns(setting)), np.float64)
    worked, harmed, predicted, of_welch, covered, narrowing, segments = rows.mean(axis=0).tolist()
    return Found(setting, worked, harmed, predicted, of_welch, covered, narrowing, segments)


def _campaigns(setting: Setting) -> Iterator[tuple[float, ...]]:
    """Yield, of each campaign, the columns of Found."""
    population, rng = setting.population, np.random.default_rng(setting.seed)
    campaign = _campaign(setting)
    request, days = campaign.request, measured_days(campaign, campaign.ends_on)
    edges = [campaign.starts_on, *(day + timedelta(days=1) for day in days)]
    usual = population.sums(edges)
    length = min(before_days(request), population.place(campaign.starts_on))
    before = population.sums([campaign.starts_on - timedelta(days=length), campaign.starts_on])
    stretches = stretches_of(request, population.first, campaign.starts_on)
    assert stretches is not None
    past = population.sums(stretches.edges)
    first_days = population.first_days()
    known = np.flatnonzero(first_days < population.place(campaign.starts_on))
    size = min(setting.customers, len(known))
    for number in range(setting.campaigns):
        chosen = rng.choice(known, size, replace=False)
        name = f"{setting.seed}-{number}"
        held_out = np.array(HoldOut("", name, setting.share).which(map(str, chosen)))
        twice = (rng.random(len(population.day)) < setting.effect).astype(np.float64)
        more = population.sums_of(edges, twice)
        treated = (~held_out)[:, None]
        outcomes = Outcomes(
            held_out=held_out,
            segment=pd.Series(chosen % SEGMENTS).map(str),
            before=(before.spend[chosen, 0], before.transactions[chosen, 0]),
            days=days,
            spend=(usual.spend[chosen] + treated * more.spend[chosen]).cumsum(axis=1),
            transactions=(usual.transactions[chosen] + treated * more.transactions[chosen]).cumsum(
                axis=1
            ),
        )
        spread = history_from(
            request,
            stretches,
            Sums(past.spend[chosen], past.transactions[chosen]),
            [first_days[chosen] < population.place(start) for start in stretches.starts],
        ).spreads[setting.measure]
        plan = detectable_of(setting.measure, spread, outcomes.sizes, request)
        predicted = [one.power for one in plan.power if one.relative == setting.effect]
        truth = _true_effect(setting.measure, usual, more, chosen)
        yield _says(measured(campaign, outcomes), truth, *predicted)


def _says(result: CampaignResult, truth: float, predicted: float = 0.0) -> tuple[float, ...]:
    effect = {one.method: one for one in result.effects if one.measure == result.measure}
    covered = {name: one.low <= truth <= one.high for name, one in effect.items()}
    return (
        result.verdict == WORKED,
        result.verdict == HARMED,
        predicted,
        covered[WELCH],
        covered[CUPED],
        effect[CUPED].narrowing,
        any(one.verdict in (WORKED, HARMED) for one in result.segments),
    )


def _true_effect(measure: Measure, usual: Sums, more: Sums, chosen: Labels) -> float:
    """Return the mean effect on the chosen customers, if all of them were contacted."""
    without = values_of(
        measure, usual.spend[chosen].sum(axis=1), usual.transactions[chosen].sum(axis=1)
    )
    with_it = values_of(
        measure,
        (usual.spend[chosen] + more.spend[chosen]).sum(axis=1),
        (usual.transactions[chosen] + more.transactions[chosen]).sum(axis=1),
    )
    return float((with_it - without).mean())


def _campaign(setting: Setting) -> Campaign:
    population = setting.population
    last = population.starts_on + timedelta(days=population.days - 1)
    request = CampaignRequest(
        name="simulated",
        share=setting.share,
        starts_on=population.starts_on,
        ends_on=last,
        measure=setting.measure,
    )
    return Campaign(
        id="simulated",
        name="simulated",
        audience="All customers",
        request=request,
        created_at="",
        created_by="",
        starts_on=request.starts_on,
        ends_on=last,
        release="",
        is_demo=True,
        currency="INR",
        snapshot_date=request.starts_on.isoformat(),
        customers=setting.customers,
        treated=0,
        held_out=0,
    )
