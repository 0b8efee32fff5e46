"""Buttons that make the list of a campaign's customers on demand."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from app.state import data, session
from app.state.access import may
from app.widgets.files import file_button
from app.widgets.links import LISTS_PAGE, WHO
from app.widgets.style import pale_while_typing
from bankseg_assets.access.roles import Action
from bankseg_assets.campaigns.audiences import Audience
from bankseg_assets.campaigns.customer_list import CampaignList, Choice, make_list
from bankseg_assets.campaigns.group_actions import WIN_BACK
from bankseg_assets.campaigns.list_files import csv_of, file_stem, json_of, xlsx_of
from bankseg_assets.campaigns.list_log import record_list
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import Bundle


def link_to_list(name: str, label: str) -> None:
    """Draw a link to the page of lists, with a group or segment chosen; nothing if not allowed."""
    if not may(Action.MAKE_LISTS):
        return
    st.page_link(LISTS_PAGE, label=label, icon=":material/campaign:", query_params={WHO: name})


def link_to_win_back() -> None:
    """Draw a link to the list of valuable customers who have not been seen recently.

    Without such a group, a link to all groups and segments; nothing if there are no lists, or if
    they are not allowed.
    """
    if not may(Action.MAKE_LISTS):
        return
    found = [total for total in data.audiences() if total.customers]
    for total in found:
        if total.audience.name == WIN_BACK and total.customers and total.money is not None:
            numbers = session.numbers()
            count, money = numbers.count(total.customers), numbers.short_money(float(total.money))
            link_to_list(WIN_BACK, f"Win-back list: {count} customers, {money}")
            return
    if found:
        link_to_list(found[0].audience.name, "Campaign lists: download a group or segment")


def csv_button(
    release: Release, bundle: Bundle, audience: Audience, label: str, *, key: str
) -> None:
    """Draw the button for the CSV of a whole audience; nothing if lists are not allowed."""
    if not may(Action.MAKE_LISTS):
        return
    file_button(
        label,
        Action.MAKE_LISTS,
        partial(_make, release, bundle, audience, Choice(), csv_of, data.actions()),
        f"{file_stem(audience, bundle.snapshot_date, 0)}.csv",
        key=key,
    )


def file_buttons(release: Release, bundle: Bundle, audience: Audience, choice: Choice) -> None:
    """Draw the buttons for a list in each format."""
    stem, actions = file_stem(audience, bundle.snapshot_date, choice.top), data.actions()
    formats = (
        ("Excel (XLSX)", "xlsx", xlsx_of),
        ("CSV", "csv", csv_of),
        ("Details of the list (JSON)", "json", json_of),
    )
    pale_while_typing("list_files", locked=True)
    with st.container(horizontal=True, key="list_files"):
        for label, ending, written in formats:
            file_button(
                label,
                Action.MAKE_LISTS,
                partial(_make, release, bundle, audience, choice, written, actions),
                f"{stem}.{ending}",
                key=f"download_list_{ending}",
                is_primary=ending == "xlsx",
            )


def _make(
    release: Release,
    bundle: Bundle,
    audience: Audience,
    choice: Choice,
    written: Callable[[CampaignList], bytes],
    actions: dict[int, str],
) -> bytes:
    made = make_list(release, bundle, audience, choice, actions)
    if written is not json_of:  # which names no customer
        record_list(release, made)
    return written(made)
