"""The effect of a campaign by segment, corrected for looking many times."""

import numpy as np

from bankseg_assets.campaigns.campaign import Campaign
from bankseg_assets.campaigns.effects import ALPHA, Outcomes, compared, effect_of
from bankseg_assets.campaigns.planning import LEAST_ARM
from bankseg_assets.campaigns.results import (
    HARMED,
    NO_EFFECT,
    TOO_FEW,
    WORKED,
    Method,
    SegmentEffect,
    Verdict,
)
from bankseg_assets.campaigns.verdicts import verdict_of
from bankseg_assets.presentation.disclosure import hidden_cells
from bankseg_assets.stats.multiple_tests import holm
from bankseg_assets.stats.two_arms import Difference

_SENTENCES: dict[Verdict, str] = {
    WORKED: "It worked here.",
    HARMED: "It harmed here.",
    NO_EFFECT: "No effect was found here.",
    TOO_FEW: "Too few to tell.",
}


def segment_effects(
    campaign: Campaign, outcomes: Outcomes, method: Method, *, is_over: bool
) -> tuple[SegmentEffect, ...]:
    """Return the effect in each segment until the last day, the largest segment first.

    The p-values of all segments that have enough customers are adjusted together by Holm, and their
    intervals by Bonferroni, so that one of them errs in 5 % of campaigns at most.
    """
    sizes = outcomes.segment.value_counts()
    names = sorted(sizes.index, key=lambda name: (-sizes[name], name))
    parts = {name: outcomes.of((outcomes.segment == name).to_numpy()) for name in names}
    counts = [parts[name].sizes for name in names]
    hidden = [any(cells) for cells in hidden_cells(counts, columns=True).tolist()]
    enough = [min(size) >= LEAST_ARM for size in counts]
    tested = [
        name
        for name, is_enough, is_hidden in zip(names, enough, hidden, strict=True)
        if is_enough and not is_hidden and not parts[name].hides(parts[name].transactions[:, -1])
    ]
    measure, last = campaign.request.measure, len(outcomes.days) - 1
    differences = {name: compared(parts[name], measure, last, method) for name in tested}
    p_values = [one.p_value for one in differences.values()]
    adjusted = dict(zip(tested, holm(p_values), strict=True))
    alpha = ALPHA / max(len(tested), 1)
    found = []
    for name, size, is_hidden in zip(names, counts, hidden, strict=True):
        if is_hidden:
            found.append(SegmentEffect(segment=name, sentence="Not shown: too few customers."))
            continue
        treated, held_out = size
        if name not in differences:
            found.append(
                SegmentEffect(
                    segment=name,
                    treated=treated,
                    held_out=held_out,
                    sentence=_SENTENCES[TOO_FEW],
                )
            )
            continue
        difference = differences[name]
        verdict = _verdict(difference, adjusted[name], alpha, campaign.request.worthwhile)
        found.append(
            SegmentEffect(
                segment=name,
                treated=treated,
                held_out=held_out,
                effect=effect_of(
                    *(difference, parts[name], measure, last, method, campaign.currency),
                    alpha=alpha,
                ),
                adjusted_p=float(np.round(adjusted[name], 6)),
                verdict=verdict if is_over else None,
                sentence=_SENTENCES[verdict] if is_over else "Too early.",
            )
        )
    return tuple(found)


def _verdict(found: Difference, adjusted_p: float, alpha: float, worthwhile: float) -> Verdict:
    if adjusted_p <= ALPHA and found.is_near_normal:
        return WORKED if found.estimate > 0 else HARMED
    verdict = verdict_of(found, alpha, worthwhile, is_last=True)
    return verdict if verdict in (NO_EFFECT, TOO_FEW) else NO_EFFECT
