"""For managers: who are our customers?"""

import streamlit as st

from app import data, page, session
from app.arrivals import show_arrivals
from app.charts import segment_map
from app.profiles import overview
from bankseg_assets.explain.wording import ONE_SEGMENT
from bankseg_assets.formatting import day, percent
from bankseg_assets.suppression import is_small

release = page.begin_with_data(
    "Overview", "Who are our customers, and who brings the money?", in_full=True
)
bundle, numbers = session.bundle(), session.numbers()
profiles = data.table("segment_profiles")
window = (data.document("eda_report").get("overview") or [{}])[0]

customers = int(bundle.metrics["n_customers"] if bundle else window.get("customers", 0))
if customers:
    columns = st.columns(4)
    columns[0].metric("Customers", numbers.count(customers), border=True)
    money = window.get("amount_total")
    if money is None and not profiles.empty:
        money = float(profiles["total_monetary"].sum())
    if money is not None and not is_small(customers):
        columns[1].metric("Money moved", numbers.short_money(money), border=True)
        each = numbers.money(round(money / customers))
        columns[2].metric("Money per customer", each, border=True)
    if window.get("repeat_customers") is not None:
        repeat = window["repeat_customers"] / window["customers"]
        columns[3].metric("With more than one transaction", percent(repeat), border=True)
    if is_small(customers):
        st.caption("Fewer than 11 customers: sums and averages would be those of single persons.")
if window.get("first_day"):
    st.caption(f"Transactions of {day(window['first_day'])} to {day(window['last_day'])}.")

if bundle is None:
    show_arrivals(release, numbers)
    st.stop()
if len(bundle.segments) == 1:
    page.nothing(ONE_SEGMENT)
elif any(segment["share_of_customers"] for segment in bundle.segments):
    page.chart(
        segment_map(bundle.segments),
        "Area: share of all customers. The darker, the more money each of them moves.",
        overview(bundle.segments),
        alt="A rectangle for each segment, by its share of the customers.",
        key="segment_map",
    )
for segment in bundle.segments:
    st.markdown(f"**{segment['name']}.** {segment['sentence']}")
