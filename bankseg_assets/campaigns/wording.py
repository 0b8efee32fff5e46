"""The result of a campaign in words: headline, how sure it is, and the next step."""

from collections.abc import Iterator
from datetime import date

from bankseg_assets.campaigns.campaign import ACTIVE, SPEND, Campaign
from bankseg_assets.campaigns.results import (
    HARMED,
    NO_EFFECT,
    TOO_EARLY,
    TOO_FEW,
    WORKED,
    Effect,
    Look,
    Verdict,
)
from bankseg_assets.presentation.formatting import PLAIN, day, money, number, percent


def headline(
    campaign: Campaign, verdict: Verdict, effect: Effect | None, style: str = PLAIN
) -> str:
    """Return the verdict in a sentence, with money where the measure is spend."""
    if effect is None:
        return "Too early." if verdict == TOO_EARLY else "Too few to tell."
    found = in_words(effect, campaign.currency, style)
    if verdict == WORKED:
        return f"The campaign worked: {found}."
    if verdict == HARMED:
        return f"The campaign did harm: {found}."
    if verdict == NO_EFFECT:
        size = percent(campaign.request.worthwhile)
        return f"No effect was found, and one of {size} would probably have been."
    if verdict == TOO_FEW:
        return (
            "Too few to tell: the difference is not larger than chance gives, and an "
            f"effect of {percent(campaign.request.worthwhile)} could have been missed."
        )
    return f"Too early. So far, {found}; chance can give as much."


def in_words(effect: Effect, currency: str, style: str = PLAIN) -> str:
    """Return a difference, as in "a contacted customer spent INR 12.00 (4.5%) more than ..."."""
    more = "more" if effect.difference >= 0 else "less"
    share = "" if effect.relative is None else f" ({percent(abs(effect.relative))})"
    if effect.measure == SPEND:
        each = money(abs(effect.difference), currency, style)
        total = money(abs(effect.total), currency, style)
        return (
            f"a contacted customer spent {each}{share} {more} than one held out, which is {total} "
            f"{more} for all contacted"
        )
    total = number(abs(effect.total), style, 0)
    if effect.measure == ACTIVE:
        return (
            f"{percent(abs(effect.difference))} {more} of the contacted customers were active, "
            f"which is {total} customers"
        )
    each = number(abs(effect.difference), style)
    return f"a contacted customer made {each} transactions{share} {more}, which is {total} in all"


def certainty(
    campaign: Campaign, effect: Effect, look: Look | None, style: str = PLAIN
) -> Iterator[str]:
    """Yield how sure the result is; `look`: the newest that may decide."""
    currency = campaign.currency
    if effect.measure == SPEND:
        low, high = (money(one, currency, style) for one in (effect.total_low, effect.total_high))
    else:
        low, high = (number(one, style, 0) for one in (effect.total_low, effect.total_high))
    yield f"For all contacted customers, the 95% interval is from {low} to {high}."
    if effect.narrowing > 0:
        yield (
            f"The customers' history (CUPED) made the interval {percent(effect.narrowing)} "
            "narrower."
        )
    if look is not None and not look.is_last:
        yield (
            f"Before the last day, {day(campaign.ends_on)}, only a clear effect "
            "decides: a result that is read often would otherwise be wrong too often."
        )
    if campaign.ended_at:
        yield (
            "It was ended early, which may have depended on the result: the last look is as strict "
            "as the earlier ones."
        )


def decided(on: date) -> str:
    """Return when the result was decided, for a look before the last day."""
    return f"This was clear on {day(on)} already."


def next_step(campaign: Campaign, verdict: Verdict, *, can_prove: bool = True) -> str:
    """Return what to do next."""
    if not can_prove:
        return "Hold out 10% or more of the next campaign, so that it can be proved."
    if verdict == WORKED:
        return (
            "End the campaign if it still runs, contact the customers who were held out, and "
            "repeat it."
        )
    if verdict == HARMED:
        return "Stop contacting these customers, and find out what put them off."
    if verdict == NO_EFFECT:
        return "Change the offer or the audience before you repeat it."
    if verdict == TOO_FEW:
        return (
            "Repeat it with more customers, a larger control group or more days; its plan says how "
            "many it takes."
        )
    return (
        f"Wait for the transactions until {day(campaign.ends_on)}, and do not contact "
        "the customers who are held out."
    )
