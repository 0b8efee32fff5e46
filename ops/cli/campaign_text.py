"""Campaigns, plans and results as lines for the terminal."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from bankseg_assets.campaigns.arms import instruction_on
from bankseg_assets.campaigns.campaign import Campaign
from bankseg_assets.campaigns.planning import CampaignPlan
from bankseg_assets.campaigns.result_rows import ResultRows, Row
from bankseg_assets.campaigns.results import CampaignResult
from bankseg_assets.presentation.disclosure import shown_count, shown_part
from bankseg_assets.presentation.formatting import number
from bankseg_assets.reports.campaign_report import NO_RESULT, about
from ops.cli.text_table import aligned


def campaign_lines(
    found: Sequence[Campaign], results: Mapping[str, CampaignResult], on: date, style: str
) -> list[str]:
    """Return a line for each campaign; its state is that of the day `on`."""
    rows = [("campaign", "state", "customers", "last day", "result")]
    for one in found:
        result = results.get(one.id)
        rows.append(
            (
                one.name,
                one.status(on),
                number(one.customers, style),
                one.ends_on.isoformat(),
                result.headline if result else "none yet",
            )
        )
    return aligned(rows, right=[2])


def plan_lines(plan: CampaignPlan, style: str) -> list[str]:
    """Return whom a campaign would address, what it could detect, and what to change."""
    left_out = {
        "by objection": plan.left_out_by_objection,
        "by the contact limit": plan.left_out_by_contact,
    }
    treated, held_out = (shown_count(one, style) for one in (plan.treated, plan.held_out))
    return [
        f"{plan.name}: {treated} customers to contact, {held_out} held out.",
        *(
            f"{shown_count(count, style)} left out {why}."
            for why, count in left_out.items()
            if count
        ),
        *plan.sentences,
        *(
            f"{shown_count(one.customers, style)} of them are in the campaign {one.name}, too, "
            f"which contacts {shown_part(one.treated, style)}."
            for one in plan.overlaps
        ),
        *(f"Note: {one}" for one in plan.warnings),
    ]


def result_lines(
    campaign: Campaign, result: CampaignResult | None, on: date, style: str
) -> Iterator[str]:
    """Yield state, verdict, next step and figures of a campaign."""
    rows = ResultRows(campaign, result, style)
    yield f"{campaign.name} ({campaign.status(on)}). {about(campaign, style)}"
    if result is None:
        yield from (NO_RESULT, *campaign.plan_sentences)
    else:
        yield result.headline
        yield from result.sentences
        if result.next_step:
            yield f"Next: {result.next_step}"
    yield from _table(rows.funnel())
    yield from _table(rows.effects())
    yield from _table(rows.segments())
    yield ""
    if result is not None:
        yield from filter(None, [*result.notes, result.frozen])
    yield from filter(None, [instruction_on(campaign, result, on)])


def _table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield an empty line and the rows below their names; nothing without rows."""
    if rows:
        yield ""
        yield from aligned([[*rows[0]], *([*row.values()] for row in rows)])
