"""Plan a campaign before it is made: who would be in it, and what it could detect."""

import math
from collections.abc import Iterator, Sequence
from datetime import date

from bankseg_assets.campaigns.campaign import (
    ACTIVE,
    MEASURES,
    SPEND,
    CampaignRequest,
    Measure,
)
from bankseg_assets.campaigns.drawing import Drawn, draw, overlaps
from bankseg_assets.campaigns.history import History, Spread, history
from bankseg_assets.campaigns.looks import LAST_ALPHA
from bankseg_assets.campaigns.stored_campaigns import other_campaigns
from bankseg_assets.presentation.disclosure import is_small
from bankseg_assets.presentation.formatting import money, number, percent, short_number
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.lists.hold_out import SHARE
from bankseg_assets.stats.power import detectable, needed, power_of, standard_error
from bankseg_assets.stats.two_arms import LEAST_FOR_SKEWNESS
from bankseg_assets.storage.documents import Document

POWER = 0.8
EFFECTS = (0.02, 0.05, 0.1, 0.2)
"""Relative effects whose power a plan shows."""
NAMES: dict[Measure, str] = {
    "spend": "spend",
    "transactions": "number of transactions",
    "active": "share of active customers",
}
LEAST_ARM = 30
"""Customers of an arm: with fewer, the mean of a skewed measure is not near normal."""


class Overlap(Document):
    """Another campaign whose days overlap; counts are None if 1 to 10 customers."""

    campaign_id: str
    name: str
    customers: int | None
    """Of the planned campaign, who are in the other one, too."""
    treated: int | None
    """Of these, those whom the other one contacts."""


class Power(Document):
    """The probability of finding a relative effect, such as 0.05 for 5 %."""

    relative: float
    power: float


class Detectable(Document):
    """What a campaign could detect of a measure, from the audience's own history.

    usual: mean of a customer in so many days. sd: of it. correlation: with the same number of days
    before, which CUPED uses. effect: the smallest difference of a customer that is found with a
    power of 80 %, with CUPED; effect_welch: without. relative: effect / usual, None if usual is not
    above 0. total: effect times the customers contacted; of spend, in money. power: for each of
    EFFECTS. needed: the customers, at this share, to find the worthwhile effect with a power of
    80 %; None if there is no effect to find.
    """

    measure: Measure
    usual: float
    sd: float
    correlation: float
    effect: float
    effect_welch: float
    relative: float | None
    total: float
    power: tuple[Power, ...] = ()
    needed: int | None = None


class CampaignPlan(Document):
    """What would be made.

    customers: treated + held_out. detectable: for each measure; empty without a control group or
    without history. sentences: what it can detect, in words and money. warnings: what to change,
    such as a campaign that is too small; a campaign can be made in spite of them.
    """

    request: CampaignRequest
    name: str
    audience: str
    release: str
    snapshot_date: str
    currency: str
    customers: int
    treated: int
    held_out: int
    left_out_by_objection: int = 0
    left_out_by_contact: int = 0
    overlaps: tuple[Overlap, ...] = ()
    detectable: tuple[Detectable, ...] = ()
    history_days: int = 0
    """Days of each stretch of history that was compared."""
    stretches: int = 0
    """How many of them the data have."""
    sentences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def plan_campaign(release: Release, bundle: Bundle, request: CampaignRequest) -> CampaignPlan:
    """Return what a campaign would be; changes nothing. Raises CampaignError and ListError.

    It reads the transactions of the audience: a million customers with ten million take 7 s.
    """
    drawn = draw(release, bundle, request, other_campaigns(release.folder.parent, request))
    past = history(release, date.fromisoformat(bundle.snapshot_date), request, drawn.customers)
    return plan_of(release, bundle, request, drawn, past)


def plan_of(
    release: Release,
    bundle: Bundle,
    request: CampaignRequest,
    drawn: Drawn,
    past: History | None,
) -> CampaignPlan:
    """Return the plan of customers that were drawn."""
    treated, held_out = drawn.sizes
    found: tuple[Detectable, ...] = ()
    if past is not None and treated and held_out:
        found = tuple(
            detectable_of(measure, past.spreads[measure], drawn.sizes, request)
            for measure in MEASURES
        )
    others = tuple(_overlaps(request, drawn))
    return CampaignPlan(
        request=request,
        name=drawn.name,
        audience=drawn.audience,
        release=release.name,
        snapshot_date=bundle.snapshot_date,
        currency=bundle.currency,
        customers=treated + held_out,
        treated=treated,
        held_out=held_out,
        left_out_by_objection=drawn.left_out_by_objection,
        left_out_by_contact=drawn.left_out_by_contact,
        overlaps=others,
        detectable=found,
        history_days=past.days if past else 0,
        stretches=past.stretches if past else 0,
        sentences=tuple(_sentences(request, bundle, found)),
        warnings=tuple(_warnings(request, bundle.snapshot_date, drawn, past, found, others)),
    )


def detectable_of(
    measure: Measure, spread: Spread, sizes: tuple[int, int], request: CampaignRequest
) -> Detectable:
    """Return what arms of these sizes, treated and held out, can detect of a measure."""
    left = math.sqrt(max(1 - spread.correlation**2, 0.0))
    error = standard_error(spread.sd, sizes)
    effect, of_welch = (
        detectable(one, alpha=LAST_ALPHA, power=POWER) for one in (error * left, error)
    )
    usual = spread.mean
    size = needed(
        *(request.worthwhile * usual, spread.sd * left, sizes[1] / sum(sizes)),
        alpha=LAST_ALPHA,
        power=POWER,
    )
    return Detectable(
        measure=measure,
        usual=usual,
        sd=spread.sd,
        correlation=spread.correlation,
        effect=effect,
        effect_welch=of_welch,
        relative=effect / usual if usual > 0 else None,
        total=effect * sizes[0],
        power=tuple(
            Power(relative=one, power=power_of(one * usual, error * left, alpha=LAST_ALPHA))
            for one in EFFECTS
            if usual > 0
        ),
        needed=size,
    )


def _overlaps(request: CampaignRequest, drawn: Drawn) -> Iterator[Overlap]:
    others = [other for other in drawn.others if overlaps(request, other.campaign)]
    ids = frozenset(drawn.ids if others else ())
    for other in others:
        one = other.campaign
        treated = len(ids & other.treated)
        customers = treated + len(ids & other.held_out)
        if customers:
            hidden = is_small(customers)
            shown = not hidden and not is_small(treated) and not is_small(customers - treated)
            yield Overlap(
                campaign_id=one.id,
                name=one.name,
                customers=None if hidden else customers,
                treated=treated if shown else None,
            )


def _sentences(
    request: CampaignRequest, bundle: Bundle, found: Sequence[Detectable]
) -> Iterator[str]:
    style = bundle.number_format
    for one in found:
        if one.measure != request.measure or one.relative is None or one.sd == 0:
            continue
        if one.measure == SPEND:
            usual = f"spends {money(one.usual, bundle.currency, style)}"
            total = f"{money(one.total, bundle.currency, style)} in all"
        elif one.measure == ACTIVE:
            usual = f"is active with a probability of {percent(one.usual)}"
            total = f"{number(one.total, style, 0)} more active customers"
        else:
            usual = f"makes {short_number(one.usual)} transactions"
            total = f"{number(one.total, style, 0)} transactions in all"
        days = number(request.days, style)
        yield (
            f"A customer of this audience usually {usual} in {days} days. The campaign can detect "
            f"an effect from {percent(one.relative)} on ({total}), with a probability of "
            f"{POWER:.0%}; a smaller effect is likely to be missed."
        )
        chance = next((p.power for p in one.power if p.relative == request.worthwhile), None)
        if chance is not None:
            yield (
                f"An effect of {percent(request.worthwhile)} would be found with a probability of "
                f"{percent(chance)}."
            )
    better = _more_precise(request, found)
    if better:
        yield better


def _more_precise(request: CampaignRequest, found: Sequence[Detectable]) -> str:
    """Return which measure shows a clearly smaller effect; empty if none does."""
    by_measure = {one.measure: one.relative for one in found if one.relative}
    own = by_measure.get(request.measure)
    if own is None:
        return ""
    best = min(by_measure, key=lambda measure: by_measure[measure] or 0.0)
    least = by_measure[best] or 0.0
    if best == request.measure or least > own / 2:
        return ""
    return (
        f"Measured by {NAMES[best]}, an effect from {percent(least)} on could be detected: people "
        f"differ less in it than in {NAMES[request.measure]}."
    )


def _warnings(
    request: CampaignRequest,
    snapshot_date: str,
    drawn: Drawn,
    past: History | None,
    found: Sequence[Detectable],
    others: Sequence[Overlap],
) -> Iterator[str]:
    treated, held_out = drawn.sizes
    if not held_out:
        yield (
            "No customer is held out, so that nothing can be proved: what these customers do could "
            f"have happened without the campaign. Hold out {SHARE:.0%} or more."
        )
    elif not treated:
        yield "All customers are held out: none is contacted. Choose a smaller share."
    elif min(treated, held_out) < LEAST_ARM:
        arm = "held out" if held_out < treated else "treated"
        yield (
            f"Fewer than {LEAST_ARM} customers are {arm}: too few to tell an effect from chance. "
            "Choose a larger audience or another share."
        )
    if request.starts_on < date.fromisoformat(snapshot_date):
        yield (
            f"The first day is before the newest data, {snapshot_date}. These customers must not "
            "have been contacted yet: the control group is drawn when the campaign is made."
        )
    if past is None:
        yield (
            "What the campaign can detect is not known: the transactions before the start are of "
            "fewer than 14 days, or the customer key is an expression."
        )
    elif past.is_new:
        yield "Nearly all customers are new, so that what they usually do is known badly."
    elif past.days < request.days:
        yield (
            "The data do not reach far enough back before the start: what is usual in "
            f"{request.days} days was calculated from {past.days} days."
        )
    if past is not None and treated and held_out:
        least = LEAST_FOR_SKEWNESS * past.spreads[request.measure].skewness ** 2
        if min(treated, held_out) < least:
            yield (
                "A few customers have most of the total. Nothing can be decided by it unless both "
                f"arms have about {number(least, places=0)} customers. Choose another measure, a "
                "larger audience, or a larger control group."
            )
    for one in found:
        is_weak = one.relative is None or one.relative > request.worthwhile
        if one.measure == request.measure and is_weak:
            size = f" It takes about {number(one.needed, places=0)}." if one.needed else ""
            yield (
                f"{number(treated + held_out)} customers are too few to find an effect of "
                f"{percent(request.worthwhile)}.{size} A larger audience, a larger control group "
                "or more days help."
            )
    for overlap in others:
        count = "Some" if overlap.customers is None else number(overlap.customers)
        yield (
            f"{count} of these customers are in the campaign {overlap.name!r} on the same days. "
            "Both arms contain them alike, so that the result stays fair; it is the effect on top "
            "of that campaign."
        )
