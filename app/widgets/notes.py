"""Warnings about the data: in full on Overview, as a badge elsewhere."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.panels.drift import DRIFT, gate_of
from bankseg_assets.contracts.value_ranges import MOST_CONFLICTS
from bankseg_assets.presentation.formatting import percent
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import Bundle


def notes(bundle: Bundle, release: Release) -> list[str]:
    """Return the distinct warnings of a release.

    Population drift has its own badge and sentence. An older release, without recorded warnings,
    has those of its model.
    """
    shift = gate_of(release, DRIFT).sentence
    found = dict.fromkeys([*bundle.warnings, *release.warnings])
    return [sentence for sentence in found if sentence != shift]


def doubt_about_repeat(overview: Mapping[str, Any]) -> str:
    """Return why repeat customers may not be persons, and what to do; empty if they may be.

    `overview`: the row of the EDA report.
    """
    share = overview.get("identity_conflict_share_of_repeat")
    if share is None or share <= MOST_CONFLICTS:
        return ""
    return (
        f"Of the customers with more than one transaction, {percent(share)} have rows that "
        "disagree in birth date or gender: their ID may stand for several persons, who are then "
        "counted as one repeat customer. What to do: ask what the ID means; if it is not of a "
        "person, set `customer_key` in the contract to columns that are."
    )


def question_about_repeat(overview: Mapping[str, Any]) -> str:
    """Return the same as a task in short; empty if there is no doubt."""
    if not doubt_about_repeat(overview):
        return ""
    share = percent(overview["identity_conflict_share_of_repeat"])
    return (
        f"**Ask what the customer ID means**: {share} of the customers with more than one "
        "transaction have several birth dates or genders"
    )


def with_code(text: str) -> str:
    """Return a text as Markdown that shows it as it is, with what is in backticks as code.

    >>> with_code("set `customer_key` to *")
    'set `customer_key` to \\\\*'
    """
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick is not closed
        return escaped(text)
    return "`".join(part if place % 2 else escaped(part) for place, part in enumerate(parts))


def show_notes(found: list[str]) -> None:
    """Draw the sentences, if any."""
    if found:
        lines = ["**Limits of this data:**", *(f"- {with_code(one)}" for one in found)]
        st.warning("\n".join(lines), icon=":material/warning:")
