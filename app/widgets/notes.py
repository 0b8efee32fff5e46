"""What the data could not support: in full on Overview, as a badge elsewhere."""

import streamlit as st

from app.panels.drift import DRIFT, gate_of
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import Bundle


def notes(bundle: Bundle, release: Release) -> list[str]:
    """Return what to know before relying on a release, each sentence once.

    A shift of the population has a badge and a sentence of its own. A release of before its
    warnings were recorded has those of its model.
    """
    shift = gate_of(release, DRIFT).get("sentence")
    found = dict.fromkeys([*bundle.warnings, *release.warnings])
    return [sentence for sentence in found if sentence != shift]


def show_notes(found: list[str]) -> None:
    """Draw the sentences; nothing where there are none."""
    if found:
        lines = ["**What to know about this data:**", *(f"- {escaped(one)}" for one in found)]
        st.warning("\n".join(lines), icon=":material/warning:")
