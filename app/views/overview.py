"""For managers: who are our customers?"""

import streamlit as st

from app import data, page, session
from app.arrivals import show_arrivals
from app.charts import has_money_shares, segment_map
from app.profiles import overview
from bankseg_assets.explain.wording import ONE_SEGMENT
from bankseg_assets.formatting import day, percent
from bankseg_assets.suppression import is_small

DARKER = " The darker, the more money each of them moves."
NO_SHARES = (
    " Shares of the money are not shown: the amounts of a segment are zero or negative in sum."
)

release = page.begin_with_data(
    "Overview", "Who are our customers, and who brings the money?", in_full=True
)
bundle, numbers = session.bundle(), session.numbers()
profiles = data.table("segment_profiles")
window = (data.document("eda_report").get("overview") or [{}])[0]

customers = int(bundle.metrics["n_customers"] if bundle else window.get("customers", 0))
is_few = is_small(customers)
money = window.get("amount_total")
if money is None and not profiles.empty:
    money = float(profiles["total_monetary"].sum())
facts = {"Customers": numbers.count(customers)} if customers else {}
if customers and money is not None and not is_few:
    facts["Money moved"] = numbers.short_money(money)
    facts["Money per customer"] = numbers.money(round(money / customers))
if window.get("repeat_customers") is not None and not is_few:
    repeat = window["repeat_customers"] / max(window["customers"], 1)
    facts["With more than one transaction"] = percent(repeat)
for box, (label, value) in zip(st.columns(4), facts.items(), strict=False):
    box.metric(label, value, border=True)
if is_few:
    st.caption("Sums and averages of fewer than 11 customers would be those of single persons.")
if first := window.get("first_day"):
    last = window["last_day"]
    st.caption(f"Transactions of {day(first)}{f' to {day(last)}' if last != first else ''}.")

if bundle is None:
    show_arrivals(release, numbers)
    st.stop()
if len(bundle.segments) == 1:
    page.nothing(ONE_SEGMENT)
elif any(segment["share_of_customers"] for segment in bundle.segments):
    page.chart(
        segment_map(bundle.segments),
        "Area: share of all customers."
        + (DARKER if has_money_shares(bundle.segments) else NO_SHARES),
        overview(bundle.segments),
        alt="A rectangle for each segment, by its share of the customers.",
        key="segment_map",
    )
for segment in bundle.segments:
    st.markdown(f"**{segment['name']}.** {segment['sentence']}")
