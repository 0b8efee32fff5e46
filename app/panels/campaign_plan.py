"""What a campaign could detect, whom it meets again, and who is left out, before it is made."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.widgets.numbers import Numbers
from app.widgets.style import two_on_a_phone
from app.widgets.tables import show_table
from bankseg_assets.campaigns.effect_text import MEASURE_NAMES, each_text, mean_text, total_text
from bankseg_assets.campaigns.planning import POWER, CampaignPlan, Detectable, Overlap
from bankseg_assets.presentation.formatting import percent
from bankseg_assets.presentation.markdown import escaped

UNKNOWN = "—"


def show_plan(plan: CampaignPlan, numbers: Numbers) -> None:
    """Draw a plan: numbers of customers, what it can detect, overlaps, and warnings."""
    two_on_a_phone("campaign_counts")
    with st.container(horizontal=True, key="campaign_counts"):
        for label, count in counts(plan).items():
            st.metric(label, numbers.count(count), border=True, width="content")
    for text in plan.warnings:
        st.warning(escaped(text), icon=":material/warning:")
    st.markdown("\n".join(f"- {escaped(one)}" for one in plan.sentences))
    if known := [one for one in plan.detectable if one.sd > 0]:
        show_table(
            detectable_table(known, numbers),
            alt="The smallest effect that each measure would show",
        )
        st.caption(
            f"The smallest effect that is found in {POWER:.0%} of such campaigns, from "
            f"{numbers.number(plan.stretches)} stretches of {numbers.number(plan.history_days)} "
            "days of these customers' own history."
        )
    if plan.overlaps:
        show_table(overlap_table(plan.overlaps, numbers), alt="Campaigns that overlap")
        st.caption("A contact limit leaves out those who were contacted.")


def counts(plan: CampaignPlan) -> dict[str, int]:
    """Return how many customers would be contacted, held out, and left out."""
    left_out = {
        "Left out by objection": plan.left_out_by_objection,
        "Left out by the contact limit": plan.left_out_by_contact,
    }
    return {"To contact": plan.treated, "Held out": plan.held_out} | {
        label: count for label, count in left_out.items() if count
    }


def detectable_table(found: Sequence[Detectable], numbers: Numbers) -> pd.DataFrame:
    """Return the smallest effect of each measure, and the chance to find others."""
    currency, grouped = numbers.currency, numbers.style
    return pd.DataFrame(
        [
            {
                "Measure": MEASURE_NAMES[one.measure],
                "Usual": mean_text(one.measure, one.usual, currency, grouped),
                "Smallest effect": each_text(one.measure, one.effect, currency, grouped),
                "Relative": UNKNOWN if one.relative is None else percent(one.relative),
                "In all": total_text(one.measure, one.total, currency, grouped),
                **{f"Finds {each.relative:.0%}": percent(each.power) for each in one.power},
            }
            for one in found
        ]
    ).fillna(UNKNOWN)


def overlap_table(found: Sequence[Overlap], numbers: Numbers) -> pd.DataFrame:
    """Return the customers who are in another campaign, too."""
    return pd.DataFrame(
        [
            {
                "Campaign": one.name,
                "Customers of both": numbers.count(one.customers),
                "Contacted by it": numbers.part(one.treated),
            }
            for one in found
        ]
    )
