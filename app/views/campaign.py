"""Page for marketers: the list of a group or segment for a campaign."""

import streamlit as st

from app.panels.audience_table import HIDDEN_NOTE, audience_table, label, wanted_customers
from app.panels.campaign_form import show_campaign_form
from app.panels.downloads import file_buttons
from app.state import data, session
from app.widgets import page
from app.widgets.links import WHO, arrived_by, list_address, segment_address
from app.widgets.tables import show_two_lines
from bankseg_assets.campaigns.audiences import GROUP, SEGMENT
from bankseg_assets.campaigns.customer_list import Choice, left_out
from bankseg_assets.campaigns.group_actions import WIN_BACK
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.scoring.answers import SURE
from bankseg_assets.scoring.lists.errors import ListError

TOP = (100, 500, 1000, 5000)
MINIMA = (0.0, SURE, 0.8, 0.9, 0.95)

bundle = page.begin(
    "Campaign lists",
    "Who should get the campaign? Choose a group or segment, and download its customers.",
)
release, numbers = session.require_release(), session.numbers()
found = data.audiences()
shown = {total.audience.name: total for total in found if total.customers}
if not shown:
    page.nothing(
        "This version has no group or segment of 11 customers or more, so there is no list."
    )
    st.stop()

names = list(shown)
wanted = arrived_by(WHO)
if wanted is not None:
    usual = WIN_BACK if WIN_BACK in shown else names[0]
    st.session_state[WHO] = wanted[WHO] if wanted[WHO] in shown else usual
elif st.session_state.get(WHO) not in shown:  # it was another version's
    st.session_state[WHO] = names[0]
who: str = st.selectbox(
    "Group or segment",
    names,
    format_func=lambda name: label(shown[name], numbers),
    key=WHO,
)
chosen = shown[who]
audience = chosen.audience

if audience.action:
    st.markdown(f":material/campaign: **{audience.action}**")
first, second, third = st.columns(3)
top = first.selectbox(
    "How many customers",
    [0, *TOP],
    format_func=lambda count: f"The top {numbers.number(count)}" if count else "All",
    index=2,
    key="list_top",
    accept_new_options=True,
    help="Those with most money first. Another number can be typed.",
)
least = second.selectbox(
    "Minimum confidence",
    MINIMA,
    format_func=lambda share: f"{share:.0%}" if share else "None",
    key="list_confidence",
    help="How probable the customer's segment is, from recency, frequency and money.",
)
campaign = third.text_input(
    "Name of the campaign",
    placeholder=audience.campaign,
    key="list_campaign_name",
    help="The name draws the control group: the same name has the same control group in every "
    "version, and in the API and on the command line.",
)
wanted_top = wanted_customers(top)
if wanted_top is None:
    st.error(f"Expected a whole number of customers, such as 500, but found {str(top)!r}.")
    st.stop()
try:
    objecting = left_out(release, audience)
except ListError as error:
    st.error(str(error))
    st.stop()
if objecting:
    st.info(
        f"{numbers.count(objecting)} left out by objection: they do not want marketing.",
        icon=":material/block:",
    )
choice = Choice(campaign, wanted_top, least)
file_buttons(release, bundle, audience, choice)
st.caption(
    "One customer in ten is marked `held_out_of_campaign`, at random. Do not contact these, and "
    "compare them with the others afterwards to measure the campaign's effect. A customer whose "
    f"segment is less than {SURE:.0%} sure has no action. Release, snapshot, currency, model and "
    "campaign are on the second sheet of the Excel file, and in the details (JSON) of the CSV."
)
st.subheader("Make a campaign, and measure what it brings", anchor=False)
st.caption(
    "A campaign stores who is contacted and who is held out. Each delivery then shows how much "
    "more the contacted customers spend than those held out, and when that is more than chance."
)
try:
    show_campaign_form(release, bundle, audience, choice)
except ListError as error:
    st.error(escaped(str(error)))

of_kind = {
    kind: [total for total in found if total.audience.kind == kind] for kind in (GROUP, SEGMENT)
}
places = {number: place for place, number in enumerate(bundle.segment_names)}  # as on all pages
of_kind[SEGMENT].sort(key=lambda total: places.get(total.audience.segment, len(places)))
links = {
    GROUP: {name: list_address(name) for name in shown},
    SEGMENT: {one.name: segment_address(one) for one in bundle.segments},
}
st.subheader("All groups and segments", anchor=False)
for kind, title, explained in (
    (GROUP, "RFM group", "Rules on recency, frequency and money define the groups."),
    (SEGMENT, "Segment", "Clustering of the customers defines the segments."),
):
    table = audience_table(
        of_kind[kind], numbers, title=title, direction_known=bundle.direction_known
    )
    st.caption(explained)
    show_two_lines(table, alt=f"{title}s with customers, money and action", links=links[kind])
if len(shown) < len(found):
    st.caption(HIDDEN_NOTE)
