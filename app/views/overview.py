"""Page for managers: size and value of the segments."""

import streamlit as st

from app.panels.arrivals import show_arrivals
from app.panels.downloads import link_to_win_back
from app.panels.explore import knows_direction
from app.panels.profiles import overview
from app.state import data, session
from app.widgets import page
from app.widgets.charts import has_money_shares, segment_map
from app.widgets.measures import money_name
from app.widgets.notes import doubt_about_repeat
from bankseg_assets.presentation.disclosure import is_small
from bankseg_assets.presentation.formatting import day, percent
from bankseg_assets.scoring.explain.wording import ONE_SEGMENT

release = page.begin_with_data(
    "Overview", "Who are our customers, and which segments bring the most money?", in_full=True
)
bundle, numbers = session.bundle(), session.numbers()
profiles = data.table("segment_profiles")
report = data.document("eda_report")
window = (report.get("overview") or [{}])[0]
direction_known = session.direction_known() or knows_direction(report)
darker = f" Stronger blue: more {'spending' if direction_known else 'money'} per customer."
no_shares = (
    f" Shares of the {'spending' if direction_known else 'money'} are not shown: the sum of a "
    "segment's amounts is zero or negative."
)

customers = int(bundle.metrics["n_customers"] if bundle else window.get("customers", 0))
is_few = is_small(customers)
money = window.get("amount_total")
if direction_known and not knows_direction(report):
    money = None  # older reports sum both directions
if money is None and not profiles.empty:
    money = float(profiles["total_monetary"].sum())
facts = {"Customers": numbers.count(customers)} if customers else {}
if customers and money is not None and not is_few:
    name = money_name(direction_known)
    facts[name] = numbers.short_money(money)
    facts[f"{name} per customer"] = numbers.money(round(money / customers))
    # The sum over segments reveals no more than the segments do.
    if (
        direction_known
        and "total_income" in profiles
        and (income := profiles["total_income"].sum())
    ):
        facts["Income"] = numbers.short_money(float(income))
if window.get("repeat_customers") is not None and not is_few:
    repeat = window["repeat_customers"] / max(window["customers"], 1)
    spending = "spending " if direction_known else ""
    facts[f"With more than one {spending}transaction"] = percent(repeat)
# Each as wide as its text: five columns of one width cut off "EUR 11.5 million".
with st.container(horizontal=True):
    for label, value in facts.items():
        st.metric(label, value, border=True, width="content")
if facts and (doubt := doubt_about_repeat(window)):
    st.caption(f":material/warning: {doubt}")
if is_few:
    st.caption(
        "Sums and averages of fewer than 11 customers are not shown, to protect their privacy."
    )
if first := window.get("first_day"):
    last = window["last_day"]
    st.caption(f"Transactions of {day(first)}{f' to {day(last)}' if last != first else ''}.")

if bundle is None:
    show_arrivals(release, numbers)
    st.stop()
link_to_win_back()
if len(bundle.segments) == 1:
    page.nothing(ONE_SEGMENT)
elif any(segment.share_of_customers for segment in bundle.segments):
    page.chart(
        segment_map(
            bundle.segments,
            direction_known=direction_known,
            is_dark=st.context.theme.type == "dark",
        ),
        "Area: share of all customers."
        + (darker if has_money_shares(bundle.segments) else no_shares),
        overview(bundle.segments, direction_known=direction_known),
        alt="A rectangle per segment; its area is the share of the customers.",
        key="segment_map",
    )
for segment in bundle.segments:
    st.markdown(f"**{segment.name}.** {segment.sentence}")
