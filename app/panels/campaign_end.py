"""The form that ends a campaign early, or removes one that was never run."""

from datetime import date, timedelta

import streamlit as st

from app.state.access import may, permitted
from bankseg_assets.access.checks import RefusedError
from bankseg_assets.access.roles import Action
from bankseg_assets.campaigns.campaign import Campaign
from bankseg_assets.campaigns.campaign_store import end_campaign, remove_campaign
from bankseg_assets.campaigns.ending import default_last_day
from bankseg_assets.presentation.formatting import day
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.runtime.settings import load_settings
from bankseg_assets.scoring.lists.errors import ListError

ENDED = "campaign_ended"
"""Key of the session: what was done, for the next run of the page."""
MAX_REASON = 200


def show_end(campaign: Campaign, on: date) -> None:
    """Draw the form; nothing if it is not allowed. `on`: the snapshot."""
    if not may(Action.MAKE_LISTS):
        return
    can_end = campaign.status(on) == "running" and campaign.days > 1
    title = "End or cancel this campaign" if can_end else "Remove this campaign"
    with st.expander(title, icon=":material/stop_circle:"):
        with st.form("campaign_end", border=False):
            last = _last_day(campaign, on) if can_end else None
            why = st.text_input(
                "Reason",
                key="campaign_end_why",
                max_chars=MAX_REASON,
                help="For the audit log, without customer data.",
            )
            is_sure = st.checkbox(
                "Remove it with its customers and its result. This cannot be undone.",
                key="campaign_remove_sure",
            )
            with st.container(horizontal=True):
                ended = can_end and st.form_submit_button(
                    "End it, keep the result", icon=":material/stop_circle:", key="campaign_end_now"
                )
                removed = st.form_submit_button(
                    "Cancel and remove it", icon=":material/delete:", key="campaign_remove"
                )
        if removed and not is_sure:
            st.warning("Confirm first that the campaign may be removed.", icon=":material/warning:")
        elif ended or removed:
            _do(campaign, last, why, is_removed=removed)


def _last_day(campaign: Campaign, on: date) -> date | None:
    chosen = st.date_input(
        "Last day that is measured",
        default_last_day(campaign, on),
        campaign.starts_on,
        campaign.ends_on - timedelta(days=1),
        key="campaign_last_day",
    )
    return chosen if isinstance(chosen, date) else None


def _do(campaign: Campaign, last: date | None, why: str, *, is_removed: bool) -> None:
    folder = load_settings().data_dir
    try:
        with permitted(Action.MAKE_LISTS):
            if is_removed:
                remove_campaign(folder, campaign.id, why=why)
                done = f"The campaign {campaign.name} was removed."
            else:
                found = end_campaign(folder, campaign.id, last_day=last, why=why)
                last_day = day(found.ends_on)
                done = f"The campaign {campaign.name} is measured until {last_day}."
    except (ListError, RefusedError) as error:
        st.error(escaped(str(error)), icon=":material/error:")
    except OSError as error:
        st.error(
            f"This could not be stored ({type(error).__name__}): this server may only read the "
            "data folder. Use `bankseg campaigns` where it can be written.",
            icon=":material/error:",
        )
    else:
        st.session_state[ENDED] = done
        st.rerun()
