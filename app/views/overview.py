"""For managers: who are our customers?"""

import streamlit as st

from app import data, page, session
from app.charts import segment_map
from app.profiles import overview
from bankseg_assets.formatting import day, percent

bundle = page.begin("Overview", "Who are our customers, and who brings the money?")
numbers = session.numbers()
profiles = data.table("segment_profiles")
window = (data.document("eda_report").get("overview") or [{}])[0]

customers = bundle.metrics["n_customers"]
columns = st.columns(4)
columns[0].metric("Customers", numbers.number(customers), border=True)
if not profiles.empty:
    money = float(profiles["total_monetary"].sum())
    columns[1].metric("Money moved", numbers.short_money(money), border=True)
    columns[2].metric("Money per customer", numbers.money(round(money / customers)), border=True)
if window.get("repeat_customers") is not None:
    repeat = window["repeat_customers"] / window["customers"]
    columns[3].metric("With more than one transaction", percent(repeat), border=True)
if window.get("first_day"):
    st.caption(f"Transactions of {day(window['first_day'])} to {day(window['last_day'])}.")

page.chart(
    segment_map(bundle.segments),
    "Area: share of all customers. The darker, the more money each of them moves.",
    overview(bundle.segments),
    alt="A rectangle for each segment, by its share of the customers.",
    key="segment_map",
)
for segment in bundle.segments:
    st.markdown(f"**{segment['name']}.** {segment['sentence']}")
