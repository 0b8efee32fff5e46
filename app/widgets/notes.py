"""Warnings about the data: in full on Overview, as a badge elsewhere."""

import streamlit as st

from app.panels.drift import DRIFT, gate_of
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


def show_notes(found: list[str]) -> None:
    """Draw the sentences, if any."""
    if found:
        lines = ["**Limits of this data:**", *(f"- {escaped(one)}" for one in found)]
        st.warning("\n".join(lines), icon=":material/warning:")
