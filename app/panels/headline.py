"""The most important sentence on the segments, and what to do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.widgets.charts import has_money_shares
from app.widgets.links import LISTS_PAGE, WHO
from app.widgets.numbers import Numbers
from bankseg_assets.campaigns.audiences import GROUP, SEGMENT, Total
from bankseg_assets.campaigns.group_actions import WIN_BACK
from bankseg_assets.presentation.phrases import whole_percent
from bankseg_assets.scoring.documents import Segment

MOST = 3


@dataclass(frozen=True)
class Task:
    """Something to do: a sentence, and a link to the page to do it on."""

    text: str
    link: str
    page: str
    query: Mapping[str, str] = field(default_factory=dict)
    icon: str = ":material/campaign:"


def headline(
    segments: Sequence[Segment], totals: Sequence[Total], numbers: Numbers, *, money: str
) -> str:
    """Return who brings most of the money, and how much is at risk; empty if both are unknown.

    `money`: the name of the sum of amounts, in lower case.
    """
    sentences = []
    best = richest(segments)
    if best is not None and len(segments) > 1:
        customers, share = (
            whole_percent(one) for one in (best.share_of_customers, best.share_of_money or 0.0)
        )
        sentences.append(f"{customers} of the customers bring {share} of the {money}")
    at_risk = _win_back(totals)
    if at_risk is not None:
        amount = numbers.short_money(float(at_risk.money or 0))
        sentences.append(f"{amount} of {numbers.count(at_risk.customers or 0)} customers at risk")
    text = "; ".join(sentences)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def tasks(
    segments: Sequence[Segment],
    totals: Sequence[Total],
    numbers: Numbers,
    doubt: str = "",
) -> list[Task]:
    """Return at most three things to do, the most urgent first.

    `doubt`: a question about the data that the bank should answer; empty without one.
    """
    found = []
    at_risk = _win_back(totals)
    if at_risk is not None:
        found.append(_contact(at_risk, numbers))
    best = richest(segments)
    listed = [one for one in totals if one.customers and one.audience.action]
    found += [
        _contact(one, numbers)
        for one in listed
        if best is not None
        and one.audience.kind == SEGMENT
        and one.audience.segment == best.segment
    ]
    if doubt:
        found.append(
            Task(doubt, "The limits of this data", "views/about.py", icon=":material/help:")
        )
    rest = [one for one in listed if one.audience.kind == GROUP and one is not at_risk]
    found += [_contact(one, numbers) for one in rest]
    return found[:MOST]


def richest(segments: Sequence[Segment]) -> Segment | None:
    """Return the segment with most of the money; None if shares of it are unknown."""
    if not has_money_shares(segments):
        return None
    return max(segments, key=lambda one: one.share_of_money or 0.0)


def _win_back(totals: Sequence[Total]) -> Total | None:
    return next(
        (
            one
            for one in totals
            if one.audience.name == WIN_BACK and one.customers and one.money is not None
        ),
        None,
    )


def _contact(total: Total, numbers: Numbers) -> Task:
    audience = total.audience
    count, money = numbers.count(total.customers or 0), numbers.short_money(float(total.money or 0))
    return Task(
        f"**{audience.action}**: {audience.name}, {count} customers, {money}",
        "Customer list",
        LISTS_PAGE,
        {WHO: audience.name},
    )
