"""What the release says about one customer, drawn."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.panels import customer_tables
from app.panels.downloads import link_to_list
from app.panels.forecasts import show_forecasts
from app.panels.profiles import show_comparison
from app.widgets import page
from app.widgets.links import link_to_segment
from app.widgets.measures import money_name
from app.widgets.numbers import Numbers
from app.widgets.tables import show_table
from bankseg_assets.lookup.months import NO_MONTHS, Month
from bankseg_assets.lookup.portrait import Portrait
from bankseg_assets.presentation.formatting import probability
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.scoring.answers import NO_ACTION
from bankseg_assets.scoring.bundle import Bundle

CUSTOMER_PAGE = "views/customer.py"
ID_KEY = "customer_looked_up"
"""Key of the session: the ID to show. It is in no URL, so in no history of a browser."""


def link_to_customer(customer_id: str) -> None:
    """Draw a button that opens the page with this customer."""
    if st.button("Find this customer", icon=":material/badge:", key="find_this_customer"):
        st.session_state[ID_KEY] = customer_id
        st.switch_page(CUSTOMER_PAGE)


def show_portrait(
    one: Portrait,
    bundle: Bundle,
    actions: Mapping[int, str],
    notes: Sequence[str],
    numbers: Numbers,
) -> None:
    """Draw a customer: segment and why, measures, forecasts, products, segments over the versions.

    `notes`: on the forecasts of the release.
    """
    _show_head(one, bundle, numbers)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _show_why(one, bundle, actions)
        _show_measures(one, bundle, numbers)
        _show_forecasts(one, notes, bundle, numbers)
    with right:
        _show_products(one)
        _show_history(one, bundle, numbers)


def show_months(months: Sequence[Month] | None, bundle: Bundle, numbers: Numbers) -> None:
    """Draw the transactions by month; None if they cannot be found by the key."""
    st.subheader("Transactions by month", anchor=False)
    if months is None:
        st.caption(NO_MONTHS)
        return
    if not months:
        page.nothing("The release has no transactions of this customer.")
        return
    has_income = bundle.direction_known
    what = "spending" if has_income else "amounts"
    page.chart(
        customer_tables.months_chart(months, numbers, has_income=has_income),
        f"The sum of the {what} by month; above each bar, the number of transactions.",
        customer_tables.months_table(months, numbers, has_income=has_income),
        alt="A bar for each month; the table below has the same numbers.",
        key="customer_months",
    )


def _show_head(one: Portrait, bundle: Bundle, numbers: Numbers) -> None:
    customer, measures = one.customer, one.customer.measures
    st.header(one.segment.name, anchor=False)
    recency, frequency = customer.scores
    scores = f"recency {recency}, frequency {frequency} of 5" if recency and frequency else None
    count, money = measures.get("frequency"), measures.get("monetary")
    each = measures.get("average_amount")
    figures = (
        ("RFM group", customer.rfm_group, scores),
        (
            "Last transaction",
            customer_tables.last_seen(customer, numbers),
            None if count is None else numbers.quantity(count, "transactions"),
        ),
        (
            money_name(bundle.direction_known),
            "" if money is None else numbers.money(round(money)),
            None if each is None else f"{numbers.money(round(each))} per transaction",
        ),
    )
    for box, (title, value, note) in zip(st.columns(len(figures)), figures, strict=True):
        box.metric(title, value or "—", note, delta_color="off", delta_arrow="off", border=True)
    with st.container(horizontal=True):
        link_to_segment(one.segment, "The segment's card")
        if one.group_action:
            link_to_list(customer.rfm_group, f"Campaign list: {customer.rfm_group}")


def _show_why(one: Portrait, bundle: Bundle, actions: Mapping[int, str]) -> None:
    found = one.explanation
    st.subheader("Why this segment", anchor=False)
    is_one = len(bundle.segments) == 1
    chance = f" The model gives this segment **{probability(found.confidence)}**."
    st.markdown(escaped(found.sentence) + ("" if is_one else chance))
    st.markdown(f"The segment: {escaped(one.segment.sentence)}")
    if one.objection:
        st.warning(one.objection, icon=":material/campaign:")
    elif action := actions.get(one.segment.segment):
        st.markdown(f":material/campaign: **{escaped(action)}**" if found.sure else NO_ACTION)
    if one.group_action:
        group = escaped(one.customer.rfm_group)
        st.markdown(f"As one of the group {group}: {one.group_action.lower()}.")
    if found.changes:
        st.markdown("**What would move the customer**")
        st.markdown("\n".join(f"- {escaped(change.sentence)}" for change in found.changes))


def _show_measures(one: Portrait, bundle: Bundle, numbers: Numbers) -> None:
    st.subheader("Compared with the segment", anchor=False)
    table = customer_tables.measures_table(
        one.segment, one.customer, numbers, direction_known=bundle.direction_known
    )
    if table.empty:
        page.nothing("The segment has too few customers to compare with.")
        return
    show_comparison(table, bundle.segments)


def _show_forecasts(one: Portrait, notes: Sequence[str], bundle: Bundle, numbers: Numbers) -> None:
    table = customer_tables.forecasts_table(
        one.forecasts, numbers, direction_known=bundle.direction_known
    )
    if table.empty:
        return
    st.subheader("What comes next", anchor=False)
    show_forecasts(one.forecasts, table, notes)


def _show_products(customer: Portrait) -> None:
    if customer.objection:
        return
    st.subheader("Offer next", anchor=False)
    if not customer.products:
        st.caption(
            "No products are recommended: the bank delivers no product holdings, or they match no "
            "customer."
        )
        return
    for number, one in enumerate(customer.products, 1):
        st.markdown(f"**{number}. {escaped(one.product)}**  \n{escaped(one.reason)}")


def _show_history(one: Portrait, bundle: Bundle, numbers: Numbers) -> None:
    st.subheader("Segment by version", anchor=False)
    show_table(
        customer_tables.history_table(one.history, numbers, direction_known=bundle.direction_known),
        alt="The customer's segment in each version that is kept, the newest first",
    )
