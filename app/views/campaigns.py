"""Page for marketers and managers: the campaigns, and what each of them brought."""

from datetime import date

import pandas as pd
import streamlit as st

from app.panels.campaign_end import ENDED, show_end
from app.panels.campaign_files import show_lists, show_report
from app.panels.campaign_form import MADE
from app.panels.campaign_list import campaigns_table
from app.panels.campaign_result import show_result
from app.panels.downloads import link_to_win_back
from app.state import session
from app.widgets import page
from app.widgets.links import CAMPAIGN, arrived_by, campaign_address
from app.widgets.numbers import Numbers
from app.widgets.tables import show_table, show_two_lines
from bankseg_assets.campaigns.arms import instruction_on
from bankseg_assets.campaigns.campaign_store import all_campaigns
from bankseg_assets.campaigns.result_rows import ResultRows
from bankseg_assets.campaigns.results import newest_results
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.reports.campaign_report import about
from bankseg_assets.scoring.lists.errors import ListError

bundle = page.begin("Campaigns", "What did each campaign bring, and what comes next?")
release, numbers = session.require_release(), session.numbers()
for note in (ENDED, MADE):
    if done := st.session_state.pop(note, None):
        text = done if note == ENDED else f"The campaign {done} was made; its lists are below."
        st.success(escaped(text), icon=":material/check_circle:")
try:
    results = {one.campaign_id: one for one in newest_results(release.folder).campaigns}
except ListError as error:
    st.error(escaped(str(error)), icon=":material/error:")
    results = {}
found = all_campaigns(release.folder.parent)
if not found:
    page.nothing(
        "There is no campaign yet. A marketer makes one on the page Campaign lists, for a group or "
        "segment: each delivery then shows what it brings."
    )
    link_to_win_back()
    st.stop()

on = date.fromisoformat(bundle.snapshot_date)
by_id = {one.id: one for one in found}
wanted = arrived_by(CAMPAIGN)
if wanted is not None and wanted[CAMPAIGN] in by_id:
    st.session_state[CAMPAIGN] = wanted[CAMPAIGN]
elif st.session_state.get(CAMPAIGN) not in by_id:
    st.session_state[CAMPAIGN] = found[0].id
show_two_lines(
    campaigns_table(found, results, on, numbers),
    alt="Campaigns with state and result, the newest first",
    links={one.name: campaign_address(one.id) for one in found},
)
chosen: str = st.selectbox(
    "Campaign", list(by_id), format_func=lambda one: by_id[one].name, key=CAMPAIGN
)
campaign, result = by_id[chosen], results.get(chosen)
own = Numbers(campaign.currency, numbers.style)
st.header(escaped(campaign.name), anchor=False)
st.caption(escaped(" ".join(filter(None, [about(campaign, own.style), campaign.request.goal]))))
show_result(campaign, result, own)
st.subheader("Files", anchor=False)
show_report(campaign, result, own)
show_lists(release, bundle, campaign, instruction_on(campaign, result, on))
with st.expander("What was asked for", icon=":material/info:"):
    facts = ResultRows(campaign, result, own.style).facts()
    show_table(pd.DataFrame(facts), alt="What was asked for")
show_end(campaign, on)
