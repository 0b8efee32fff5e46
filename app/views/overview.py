"""Page for managers: size and value of the segments, and what to do next."""

from collections.abc import Sequence

import streamlit as st

from app.panels.arrivals import show_arrivals
from app.panels.explore import knows_direction
from app.panels.facts import Facts, facts_of
from app.panels.headline import headline, tasks
from app.panels.profiles import overview
from app.panels.trend import as_table, lines
from app.state import data, session
from app.state.access import may
from app.widgets import page
from app.widgets.charts import has_money_shares, paired_bars
from app.widgets.links import LISTS_PAGE, link_to_segment
from app.widgets.measures import money_name
from app.widgets.notes import doubt_about_repeat, notes, question_about_repeat, show_notes
from app.widgets.style import two_on_a_phone
from app.widgets.tables import show_table
from bankseg_assets.access.roles import Action
from bankseg_assets.campaigns.release_figures import ReleaseFigures
from bankseg_assets.presentation.disclosure import is_small
from bankseg_assets.presentation.formatting import change, change_in_points, day, percent
from bankseg_assets.presentation.phrases import window_note
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.explain.wording import ONE_SEGMENT

release = page.begin_with_data(
    "Overview", "Who are our customers, and which segments bring the most money?", in_full=True
)
bundle, numbers = session.bundle(), session.numbers()
report = data.document("eda_report")
window = (report.get("overview") or [{}])[0]
direction_known = session.direction_known() or knows_direction(report)
money = money_name(direction_known)


def facts_before(previous: Release | None) -> Facts:
    """Return the figures of the previous version, counted in the same way."""
    if previous is None or bundle is None:
        return Facts()
    return facts_of(
        None,
        data.document("eda_report", previous),
        data.table("segment_profiles", previous),
        direction_known=direction_known,
    )


def show_facts(now: Facts, before: Facts, found: Sequence[ReleaseFigures]) -> None:
    """Draw the figures, each as wide as its text: equal columns cut off "EUR 11.5 million".

    `found`: of the versions up to this one, for the line in each box.
    """
    customers = change(now.customers, before.customers)
    shown = [("customers", "Customers", numbers.count(now.customers), customers)]
    if now.money is not None and now.average is not None:
        total, average = change(now.money, before.money), change(now.average, before.average)
        each = numbers.money(round(now.average))
        shown.append(("money", money, numbers.short_money(now.money), total))
        shown.append(("average", f"{money} per customer", each, average))
    if now.income is not None:
        income = change(now.income, before.income)
        shown.append(("income", "Income", numbers.short_money(now.income), income))
    if now.repeat is not None:
        spending = "spending " if direction_known else ""
        repeat = change_in_points(now.repeat, before.repeat)
        title = f"With more than one {spending}transaction"
        shown.append(("repeat", title, percent(now.repeat), repeat))
    drawn = lines(found)
    two_on_a_phone("figures")
    with st.container(horizontal=True, key="figures"):
        for name, title, value, changed in shown:
            is_same = changed == "unchanged"
            st.metric(
                title,
                value,
                changed or None,
                delta_color="off" if is_same else "normal",
                delta_arrow="off" if is_same else "auto",
                border=True,
                help=doubt or None if title.startswith("With more") else None,
                width="content",
                chart_data=drawn.get(name),
            )
    if len(found) > 1:
        with st.expander("Figures by version"):
            show_table(
                as_table(found, numbers, direction_known=direction_known),
                alt="The figures of each version, the newest first",
            )


previous = data.previous()
now = facts_of(
    int(bundle.metrics["n_customers"]) if bundle else None,
    report,
    data.table("segment_profiles"),
    direction_known=direction_known,
)
limits = notes(bundle, session.require_release()) if bundle else []
doubt = doubt_about_repeat(window) if now.customers else ""
if bundle is not None:
    totals = data.audiences()
    if text := headline(bundle.segments, totals, numbers, money=money.lower()):
        st.header(text, anchor=False)
if now.customers:
    show_facts(now, facts_before(previous), data.trend()[0])
if is_small(now.customers):
    st.caption(
        "Sums and averages of fewer than 11 customers are not shown, to protect their privacy."
    )
about = []
if first := window.get("first_day"):
    last = window["last_day"]
    about.append(f"Transactions of {day(first)}{f' to {day(last)}' if last != first else ''}.")
if note := window_note(window):
    about.append(note)
if previous and bundle:
    about.append(f"Changes are since version {previous.number}.")
st.caption(" ".join(about))

if bundle is None:
    show_notes([doubt] if doubt else [])
    show_arrivals(release, numbers)
    st.stop()
assert bundle is not None

left, right = st.columns([3, 2], gap="large")
with left:
    st.subheader("Customers and what they bring", anchor=False)
    if len(bundle.segments) == 1:
        page.nothing(ONE_SEGMENT)
    elif any(segment.share_of_customers for segment in bundle.segments):
        page.chart(
            paired_bars(bundle.segments, direction_known=direction_known),
            f"Upper bar: share of the customers. Lower bar: share of the {money.lower()}."
            if has_money_shares(bundle.segments)
            else f"Shares of the {money.lower()} are not shown: the sum of a segment's amounts is "
            "zero or negative.",
            overview(bundle.segments, direction_known=direction_known),
            alt="Two bars per segment: its shares of the customers and of the money.",
            key="segment_bars",
        )
with right:
    if todo := tasks(bundle.segments, totals, numbers, question_about_repeat(window)):
        st.subheader("What to do next", anchor=False)
        for number, task in enumerate(todo, 1):
            with st.container(border=True):
                st.markdown(f"{number}. {task.text}")
                if task.page != LISTS_PAGE or may(Action.MAKE_LISTS):
                    st.page_link(
                        task.page, label=task.link, icon=task.icon, query_params=task.query
                    )
show_notes([*limits, *([doubt] if doubt else [])])
st.subheader("The segments", anchor=False)
for segment in bundle.segments:
    link_to_segment(segment)
    st.markdown(segment.sentence)
