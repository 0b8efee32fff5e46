"""The form that makes a campaign of a list: goal, days, held-out share, and what it can detect."""

from datetime import date

import streamlit as st

from app.panels.campaign_audience import show_narrowing
from app.panels.campaign_plan import show_plan
from app.state import data, session
from app.state.access import permitted
from app.widgets.links import CAMPAIGN, CAMPAIGNS_PAGE
from bankseg_assets.access.checks import RefusedError
from bankseg_assets.access.roles import Action
from bankseg_assets.campaigns.audiences import GROUP, Audience, customers_of
from bankseg_assets.campaigns.campaign import MEASURES, WORTHWHILE, CampaignRequest
from bankseg_assets.campaigns.campaign_audience import usual_dates
from bankseg_assets.campaigns.campaign_store import create_campaign
from bankseg_assets.campaigns.customer_list import Choice
from bankseg_assets.campaigns.effect_text import MEASURE_NAMES
from bankseg_assets.campaigns.planning import CampaignPlan, plan_campaign
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.hold_out import SHARE

CHECKED, MADE = "campaign_checked", "campaign_made"
"""Keys of the session: the plan that was checked; the name of a campaign that was just made."""
MAX_GOAL, MAX_HELD_OUT, MAX_DAYS = 200, 90, 3660


def show_campaign_form(
    release: Release, bundle: Bundle, audience: Audience, choice: Choice
) -> None:
    """Draw the form for the customers of a list. Raises ListError."""
    numbers = session.numbers()
    columns = customers_of(release).schema.names
    narrowed, rules = show_narrowing(audience, data.audiences(), columns, numbers)
    is_group = audience.kind == GROUP
    request, is_pressed = _asked(bundle, choice.campaign or audience.campaign)
    if request is None:
        return
    request = request.model_copy(
        update={
            "groups": (audience.name,) if is_group else narrowed,
            "segments": narrowed if is_group else (audience.name,),
            "rules": rules,
            "top": choice.top,
            "min_confidence": choice.min_confidence,
        }
    )
    if is_pressed:
        _check(release, bundle, request)
    checked: CampaignPlan | None = st.session_state.get(CHECKED)
    if checked is None:
        return
    if (checked.request, checked.release) != (request, release.name):
        st.caption("The choices have changed since the campaign was checked: check it again.")
        return
    show_plan(checked, numbers)
    if st.button(
        "Make the campaign", type="primary", icon=":material/campaign:", key="campaign_make"
    ):
        _make(release, bundle, request)


def _asked(bundle: Bundle, name: str) -> tuple[CampaignRequest | None, bool]:
    """Draw the fields; return the request without its audience, and whether to check it.

    None if a day is missing.
    """
    first, last = usual_dates(bundle)
    with st.form("campaign_form"):
        goal = st.text_input(
            "Goal",
            key="campaign_goal",
            max_chars=MAX_GOAL,
            placeholder="What should these customers do?",
        )
        left, right, third = st.columns(3)
        starts_on = left.date_input(
            "First day", first, key="campaign_starts", help="The first day that is measured."
        )
        ends_on = right.date_input(
            "Last day", last, key="campaign_ends", help="The last day that is measured."
        )
        share = third.number_input(
            "Held out, %",
            0,
            MAX_HELD_OUT,
            round(100 * SHARE),
            5,
            key="campaign_share",
            help="Drawn at random, and not contacted: without them, no effect can be measured.",
        )
        left, right, third = st.columns(3)
        measure = left.selectbox(
            "What decides",
            MEASURES,
            format_func=MEASURE_NAMES.__getitem__,
            key="campaign_measure",
            help="The other two are shown, too. One decides, so that chance has one try.",
        )
        worthwhile = right.number_input(
            "Smallest effect that matters, %",
            1,
            100,
            round(100 * WORTHWHILE),
            key="campaign_worthwhile",
            help="Of what these customers usually do in so many days.",
        )
        limit = third.number_input(
            "Contact limit, days",
            0,
            MAX_DAYS,
            0,
            key="campaign_limit",
            help="Customers whom another campaign contacts less than so many days before the first "
            "day are left out. 0: no limit.",
        )
        is_pressed = st.form_submit_button(
            "Check the campaign", icon=":material/query_stats:", key="campaign_check"
        )
    if not isinstance(starts_on, date) or not isinstance(ends_on, date):
        st.error("Choose the first and the last day of the campaign.", icon=":material/error:")
        return None, is_pressed
    request = CampaignRequest(
        name=name,
        goal=goal.strip(),
        share=share / 100,
        starts_on=starts_on,
        ends_on=ends_on,
        measure=measure,
        contact_limit_days=limit,
        worthwhile=worthwhile / 100,
    )
    return request, is_pressed


def _check(release: Release, bundle: Bundle, request: CampaignRequest) -> None:
    st.session_state.pop(CHECKED, None)
    try:
        with st.spinner("The history of these customers is read …"):
            st.session_state[CHECKED] = plan_campaign(release, bundle, request)
    except ListError as error:
        st.error(escaped(str(error)), icon=":material/error:")


def _make(release: Release, bundle: Bundle, request: CampaignRequest) -> None:
    try:
        with permitted(Action.MAKE_LISTS), st.spinner("The control group is drawn …"):
            made = create_campaign(release, bundle, request)
    except (ListError, RefusedError) as error:
        st.error(escaped(str(error)), icon=":material/error:")
        return
    except OSError as error:
        st.error(
            f"The campaign could not be stored ({type(error).__name__}): this server may only read "
            "the data folder. Make it where it can be written, with `bankseg campaigns make`.",
            icon=":material/error:",
        )
        return
    del st.session_state[CHECKED]
    st.session_state[MADE] = made.name
    st.switch_page(CAMPAIGNS_PAGE, query_params={CAMPAIGN: made.id})
