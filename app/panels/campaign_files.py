"""Downloads of a campaign: whom to contact, whom to leave out, and the report."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from app.state import data
from app.state.access import may
from app.widgets.files import file_button
from app.widgets.numbers import Numbers
from bankseg_assets.access.roles import Action
from bankseg_assets.campaigns.arms import list_of_arm
from bankseg_assets.campaigns.audiences import slug
from bankseg_assets.campaigns.campaign import Campaign
from bankseg_assets.campaigns.campaign_store import list_of_campaign
from bankseg_assets.campaigns.customer_list import CampaignList
from bankseg_assets.campaigns.list_files import csv_of, xlsx_of
from bankseg_assets.campaigns.list_log import record_list
from bankseg_assets.campaigns.result_table import result_table
from bankseg_assets.campaigns.results import Arm, CampaignResult
from bankseg_assets.presentation.csv_export import to_csv
from bankseg_assets.release.releases import Release
from bankseg_assets.reports.campaign_report import campaign_page
from bankseg_assets.scoring.bundle import Bundle


def show_lists(release: Release, bundle: Bundle, campaign: Campaign, todo: str) -> None:
    """Draw the buttons for the customers of both arms; only if it is allowed.

    `todo`: what to do with the customers who are held out.
    """
    if not may(Action.MAKE_LISTS):
        return
    st.markdown(todo)
    stem, actions = slug(campaign.name), data.actions()
    files: list[tuple[str, Arm, str, Callable[[CampaignList], bytes]]] = [
        ("Customers to contact (XLSX)", "treated", "xlsx", xlsx_of),
        ("Customers to contact (CSV)", "treated", "csv", csv_of),
    ]
    if campaign.held_out:
        files.append(("Held out, to exclude (CSV)", "held out", "csv", csv_of))
    with st.container(horizontal=True):
        for label, arm, ending, written in files:
            file_button(
                label,
                Action.MAKE_LISTS,
                partial(_list, release, bundle, campaign, actions, arm, written),
                f"{stem}_{slug(arm)}.{ending}",
                key=f"download_campaign_{slug(arm)}_{ending}",
                is_primary=ending == "xlsx",
            )


def show_report(campaign: Campaign, result: CampaignResult | None, numbers: Numbers) -> None:
    """Draw the buttons for the report, which names no customer."""
    stem = slug(campaign.name)
    with st.container(horizontal=True):
        file_button(
            "Report (HTML)",
            Action.SEE,
            partial(_report, campaign, result, numbers.style),
            f"{stem}_report.html",
            key="download_campaign_report",
            icon=":material/description:",
        )
        if result is not None:
            file_button(
                "Effects (CSV)",
                Action.SEE,
                partial(_effects, campaign, result),
                f"{stem}_effects.csv",
                key="download_campaign_effects",
            )


def _list(
    release: Release,
    bundle: Bundle,
    campaign: Campaign,
    actions: dict[int, str],
    arm: Arm,
    written: Callable[[CampaignList], bytes],
) -> bytes:
    made = list_of_arm(list_of_campaign(release, bundle, campaign, actions), campaign, arm)
    record_list(release, made)
    return written(made)


def _report(campaign: Campaign, result: CampaignResult | None, style: str) -> bytes:
    return campaign_page(campaign, result, style=style).encode()


def _effects(campaign: Campaign, result: CampaignResult) -> bytes:
    return to_csv(result_table(campaign, result))
