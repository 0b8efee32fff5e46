"""The report of a campaign: one HTML page that opens offline, without scripts."""

from functools import partial

from bankseg_assets.campaigns.campaign import Campaign
from bankseg_assets.campaigns.effect_text import each_text
from bankseg_assets.campaigns.result_rows import ResultRows
from bankseg_assets.campaigns.results import CampaignResult, Look
from bankseg_assets.presentation.formatting import PLAIN, day, number
from bankseg_assets.reports.html_page import render
from bankseg_assets.reports.interval_plot import HEIGHT, LEFT, WIDTH, Point, interval_plot

NOT_MEASURED = "Not measured yet"
NO_RESULT = "There is no result yet: it comes with the next delivery."
OVER_TIME_NOTE = (
    "Thick: the 95 % interval of that day. Thin: the interval that decides, wider because the "
    "effect is looked at several times. An interval that does not include zero shows an effect."
)


def campaign_page(campaign: Campaign, result: CampaignResult | None, *, style: str = PLAIN) -> str:
    """Return the page of a campaign; `style`: how numbers are grouped."""
    rows = ResultRows(campaign, result, style)
    looks = result.over_time if result else ()
    text = partial(each_text, campaign.request.measure, currency=campaign.currency, style=style)
    return render(
        "campaign.html.j2",
        name=campaign.name,
        about=about(campaign, style),
        verdict=result.verdict if result else NOT_MEASURED.lower(),
        headline=result.headline if result else NO_RESULT,
        sentences=result.sentences if result else campaign.plan_sentences,
        next_step=result.next_step if result else "",
        funnel=rows.funnel(),
        effects=rows.effects(),
        over_time=rows.over_time(),
        over_time_note=OVER_TIME_NOTE,
        plot=interval_plot([_point(one) for one in looks], text),
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        segments=rows.segments(),
        balance=rows.balance(),
        facts=rows.facts(),
        notes=[*result.notes, *filter(None, [result.frozen])] if result else [],
    )


def about(campaign: Campaign, style: str = PLAIN) -> str:
    """Return whom a campaign addresses, and when."""
    first, last = day(campaign.starts_on), day(campaign.ends_on)
    customers = number(campaign.customers, style)
    return f"{campaign.audience}: {customers} customers, {first} to {last}."


def _point(look: Look) -> Point:
    effect = look.effect
    wide = (look.decision_low, look.decision_high) if look.is_planned else None
    label = f"{look.day:%-d %b}"
    return Point(label, effect.difference, effect.low, effect.high, wide)
