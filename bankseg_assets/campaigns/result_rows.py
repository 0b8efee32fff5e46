"""The parts of a campaign and its result as rows of text, for pages and reports."""

from collections.abc import Mapping
from dataclasses import dataclass

from bankseg_assets.campaigns.campaign import Campaign, Measure
from bankseg_assets.campaigns.effect_text import (
    MEASURE_NAMES,
    UNKNOWN,
    each_text,
    each_with_interval,
    interval_text,
    mean_text,
    relative_text,
    total_with_interval,
)
from bankseg_assets.campaigns.funnel import funnel
from bankseg_assets.campaigns.results import CampaignResult
from bankseg_assets.presentation.disclosure import shown_count, shown_part
from bankseg_assets.presentation.formatting import PLAIN, day, number, percent

Row = Mapping[str, str]
SMALLEST_P = 0.001
UNDECIDED = "—"
"""Of a day that may not decide."""


@dataclass(frozen=True)
class ResultRows:
    """Writes rows in the bank's number format; amounts are in the campaign's currency."""

    campaign: Campaign
    result: CampaignResult | None
    style: str = PLAIN

    def funnel(self) -> list[Row]:
        """Return the steps from the audience to the active customers."""
        return [
            {
                "Step": one.name,
                "Customers": shown_part(one.customers, self.style),
            }
            for one in funnel(self.campaign, self.result)
        ]

    def arms(self) -> list[Row]:
        """Return the means of both arms in the window; empty before any result."""
        found = self.result.arms if self.result else ()
        return [
            {
                "Customers": one.arm.capitalize() if one.arm != "treated" else "Contacted",
                "Number": number(one.customers, self.style),
                "Spending": self._mean("spend", one.spend),
                "Transactions": self._mean("transactions", one.transactions),
                "Active": self._mean("active", one.active_share),
            }
            for one in found
        ]

    def effects(self) -> list[Row]:
        """Return the effect on each measure, the one that decides first."""
        if self.result is None:
            return []
        deciding = self.result.effect
        found = sorted(self.result.effects, key=lambda one: one != deciding)
        currency = self.campaign.currency
        return [
            {
                "Measure": MEASURE_NAMES[one.measure] + (" (decides)" if one == deciding else ""),
                "Method": one.method,
                "Per customer": each_with_interval(one, currency, self.style),
                "Relative": relative_text(one),
                "p": p_text(one.p_value),
                "In all": total_with_interval(one, currency, self.style),
            }
            for one in found
        ]

    def over_time(self) -> list[Row]:
        """Return the effect until each look, the newest first."""
        looks = self.result.over_time if self.result else ()
        currency, style = self.campaign.currency, self.style
        return [
            {
                "Until": day(one.day),
                "Days": number(one.days),
                "Per customer": each_with_interval(one.effect, currency, style),
                "Interval that decides": interval_text(
                    *(
                        each_text(one.effect.measure, end, currency, style)
                        for end in (one.decision_low, one.decision_high)
                    )
                )
                if one.is_planned
                else "only shown",
                "Verdict": one.verdict.capitalize() if one.is_planned else UNDECIDED,
            }
            for one in reversed(looks)
        ]

    def segments(self) -> list[Row]:
        """Return the effect in each segment; where it is hidden, a sentence says why."""
        found = self.result.segments if self.result else ()
        return [
            {
                "Segment": one.segment,
                "Contacted": shown_count(one.treated, self.style),
                "Held out": shown_count(one.held_out, self.style),
                "Per customer": each_with_interval(one.effect, self.campaign.currency, self.style)
                if one.effect
                else UNKNOWN,
                "p, corrected": UNKNOWN if one.adjusted_p is None else p_text(one.adjusted_p),
                "Result": one.sentence or (one.verdict or "").capitalize(),
            }
            for one in found
        ]

    def balance(self) -> list[Row]:
        """Return each measure before the start in both arms."""
        found = self.result.balance if self.result else ()
        return [
            {
                "Before the start": MEASURE_NAMES[one.measure],
                "Contacted": self._mean(one.measure, one.treated),
                "Held out": self._mean(one.measure, one.held_out),
                "Standardised difference": f"{one.standardised_difference:z.3f}",
                "Alike": "yes" if one.is_balanced else "no",
            }
            for one in found
        ]

    def facts(self) -> list[Row]:
        """Return what was asked for, and who made the campaign."""
        one, wanted = self.campaign, self.campaign.request
        limit = wanted.contact_limit_days
        values = {
            "Goal": wanted.goal,
            "Audience": one.audience,
            "Days": f"{day(one.starts_on)} to {day(one.ends_on)}",
            "Measure that decides": MEASURE_NAMES[wanted.measure],
            "Held out": percent(wanted.share),
            "Contact limit": f"{limit} days" if limit else "",
            "Effect that matters": percent(wanted.worthwhile),
            "Made": f"{one.created_at[:10]} by {one.created_by}",
            "Ended": f"{one.ended_at[:10]} by {one.ended_by}" if one.ended_at else "",
            "Why it ended": one.why_ended,
            "Release": one.release,
            "Data": "demo data" if one.is_demo else "",
        }
        return [{"": name, "Value": value} for name, value in values.items() if value]

    def _mean(self, measure: Measure, value: float) -> str:
        return mean_text(measure, value, self.campaign.currency, self.style)


def p_text(value: float) -> str:
    """Return a p-value.

    >>> p_text(0.04123), p_text(0.0000001)
    ('0.041', '<0.001')
    """
    return f"<{SMALLEST_P}" if value < SMALLEST_P else f"{value:.3f}"
