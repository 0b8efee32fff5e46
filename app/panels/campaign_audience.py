"""Limits of a campaign's audience: the other kind of group, and rules on measures."""

from collections.abc import Collection, Sequence

import streamlit as st

from app.widgets.numbers import Numbers
from bankseg_assets.campaigns.audiences import GROUP, SEGMENT, Audience, Total
from bankseg_assets.campaigns.campaign import RULE_COLUMNS, Rule


def show_narrowing(
    audience: Audience, found: Sequence[Total], columns: Collection[str], numbers: Numbers
) -> tuple[tuple[str, ...], tuple[Rule, ...]]:
    """Draw the choices that narrow an audience; return the other groups or segments, and rules.

    `columns`: those that the customers of the release have.
    """
    kind, title = (SEGMENT, "segments") if audience.kind == GROUP else (GROUP, "RFM groups")
    with st.expander("Only some of these customers", icon=":material/filter_alt:"):
        names = st.multiselect(
            f"Only those in these {title}",
            [one.audience.name for one in found if one.audience.kind == kind and one.customers],
            key="campaign_narrowed",
            placeholder="All",
        )
        chosen = st.multiselect(
            "Only those with a measure within limits",
            [column for column in RULE_COLUMNS if column in columns],
            format_func=RULE_COLUMNS.__getitem__,
            key="campaign_rules",
            placeholder="No rule",
        )
        rules = [_rule(column, numbers) for column in chosen]
    return tuple(names), tuple(one for one in rules if one is not None)


def _rule(column: str, numbers: Numbers) -> Rule | None:
    """Draw the two limits of a rule; None without a limit."""
    label = RULE_COLUMNS[column]
    left, right = st.columns(2)
    limits = [
        place.number_input(
            f"{label}: {words}",
            value=None,
            key=f"campaign_{column}_{words}",
            placeholder="No limit",
        )
        for place, words in ((left, "at least"), (right, "at most"))
    ]
    if limits == [None, None]:
        st.caption(f"{label}: give a limit, such as {numbers.number(10)}.")
        return None
    return Rule(column=column, at_least=limits[0], at_most=limits[1])
