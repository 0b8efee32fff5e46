"""Downloads of a campaign: whom to contact, whom to leave out, and the report."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from app.panels.downloads import XLSX
from app.state import data
from app.state.access import guarded, may
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
            made = partial(_list, release, bundle, campaign, actions, arm, written)
            st.download_button(
                label,
                guarded(Action.MAKE_LISTS, made),
                file_name=f"{stem}_{slug(arm)}.{ending}",
                mime=XLSX if ending == "xlsx" else "text/csv",
                icon=":material/download:",
                type="primary" if ending == "xlsx" else "secondary",
                key=f"download_campaign_{slug(arm)}_{ending}",
                on_click="ignore",
            )


def show_report(campaign: Campaign, result: CampaignResult | None, numbers: Numbers) -> None:
    """Draw the buttons for the report, which names no customer."""
    stem = slug(campaign.name)
    with st.container(horizontal=True):
        st.download_button(
            "Report (HTML)",
            guarded(Action.SEE, partial(_report, campaign, result, numbers.style)),
            file_name=f"{stem}_report.html",
            mime="text/html",
            icon=":material/description:",
            key="download_campaign_report",
            on_click="ignore",
        )
        if result is not None:
            st.download_button(
                "Effects (CSV)",
                guarded(Action.SEE, partial(_effects, campaign, result)),
                file_name=f"{stem}_effects.csv",
                mime="text/csv",
                icon=":material/download:",
                key="download_campaign_effects",
                on_click="ignore",
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
