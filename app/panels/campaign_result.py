"""The result of a campaign, drawn: in words and money, funnel, effect, segments, balance."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app.panels.campaign_charts import effect_chart, funnel_chart
from app.panels.campaign_list import NO_RESULT
from app.widgets import page
from app.widgets.numbers import Numbers
from app.widgets.style import two_on_a_phone
from app.widgets.tables import show_table, show_two_lines
from bankseg_assets.campaigns.campaign import Campaign
from bankseg_assets.campaigns.effect_text import (
    MEASURE_NAMES,
    each_text,
    interval_text,
    relative_text,
    total_text,
)
from bankseg_assets.campaigns.funnel import funnel
from bankseg_assets.campaigns.result_rows import ResultRows, Row
from bankseg_assets.campaigns.results import (
    HARMED,
    NO_EFFECT,
    TOO_EARLY,
    TOO_FEW,
    WORKED,
    CampaignResult,
    Effect,
)
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.reports.campaign_report import OVER_TIME_NOTE

BOXES: Mapping[str, tuple[Any, str]] = {
    TOO_EARLY: (st.info, ":material/hourglass_empty:"),
    TOO_FEW: (st.warning, ":material/group_off:"),
    NO_EFFECT: (st.info, ":material/drag_handle:"),
    WORKED: (st.success, ":material/check_circle:"),
    HARMED: (st.error, ":material/trending_down:"),
}


def show_result(campaign: Campaign, result: CampaignResult | None, numbers: Numbers) -> None:
    """Draw a campaign's result; before the first one, its plan and customers."""
    rows = ResultRows(campaign, result, numbers.style)
    if result is None:
        st.info(NO_RESULT, icon=":material/hourglass_empty:")
        _show_sentences(campaign.plan_sentences)
        _show_funnel(campaign, None, rows, numbers)
        return
    show, icon = BOXES[result.verdict]
    show(f"**{escaped(result.headline)}**", icon=icon)
    if result.next_step:
        st.markdown(f"**What to do next:** {escaped(result.next_step)}")
    if result.effect is not None:
        _show_figures(result.effect, numbers)
    _show_sentences(result.sentences)
    left, right = st.columns([2, 3], gap="large")
    with left:
        _show_funnel(campaign, result, rows, numbers)
    with right:
        _show_over_time(campaign, result, rows, numbers)
    _show_table("Contacted and held out", rows.arms(), "Means of both groups since the start")
    if effects := rows.effects():
        st.subheader("Effect on each measure", anchor=False)
        show_two_lines(pd.DataFrame(effects), alt="The effect on each measure")
    if segments := rows.segments():
        st.subheader("By segment", anchor=False)
        show_two_lines(pd.DataFrame(segments), alt="The effect in each segment")
        st.caption(
            "Intervals and p-values are corrected for the number of segments: the more are looked "
            "at, the more often one differs by chance."
        )
    if balance := rows.balance():
        _show_table("Were both groups alike before?", balance, "Both groups before the start")
        st.caption("A standardised difference above 0.1 is much; CUPED corrects for it.")
    for note in filter(None, [*result.notes, result.frozen]):
        st.caption(escaped(note))


def _show_figures(effect: Effect, numbers: Numbers) -> None:
    currency, grouped = numbers.currency, numbers.style

    def written(text: Any, values: Sequence[float]) -> list[str]:
        return [text(effect.measure, one, currency, grouped) for one in values]

    total, least, most = written(total_text, (effect.total, effect.total_low, effect.total_high))
    each, low, high = written(each_text, (effect.difference, effect.low, effect.high))
    shown = [
        ("In all", total, interval_text(least, most)),
        ("Per customer", each, interval_text(low, high)),
    ]
    if effect.relative is not None:
        value, _, ends = relative_text(effect).partition(" (")
        shown.append(("Relative", value, ends.removesuffix(")")))
    two_on_a_phone("effect_figures")
    with st.container(horizontal=True, key="effect_figures"):
        for label, value, interval in shown:
            st.metric(
                label,
                value,
                interval or None,
                delta_color="off",
                delta_arrow="off",
                border=True,
                width="content",
                help=f"{MEASURE_NAMES[effect.measure]} of the contacted customers, compared with "
                "those held out; below, the 95% interval.",
            )


def _show_sentences(sentences: Sequence[str]) -> None:
    st.markdown("\n".join(f"- {escaped(one)}" for one in sentences))


def _show_funnel(
    campaign: Campaign, result: CampaignResult | None, rows: ResultRows, numbers: Numbers
) -> None:
    st.subheader("Customers", anchor=False)
    page.chart(
        funnel_chart(funnel(campaign, result), numbers),
        "Grey: not contacted. All customers count, whether they were reached or not.",
        pd.DataFrame(rows.funnel()),
        alt="A bar for each step, from the audience to the active customers.",
        key="campaign_funnel",
    )


def _show_over_time(
    campaign: Campaign, result: CampaignResult, rows: ResultRows, numbers: Numbers
) -> None:
    st.subheader("Effect over time", anchor=False)
    if not result.over_time:
        st.caption("There is no day to show yet.")
        return
    page.chart(
        effect_chart(result.over_time, campaign.request.measure, numbers),
        OVER_TIME_NOTE,
        pd.DataFrame(rows.over_time()),
        alt="The effect with its intervals on each day that was evaluated.",
        key="campaign_effect",
    )


def _show_table(title: str, rows: Sequence[Row], alt: str) -> None:
    if rows:
        st.subheader(title, anchor=False)
        show_table(pd.DataFrame(rows), alt=alt)
