"""What the data could not support: in full on Overview, as a badge elsewhere."""

import streamlit as st

from app.drift import DRIFT
from bankseg_assets.markdown import escaped
from bankseg_assets.releases import Release
from bankseg_assets.scoring import Bundle


def notes(bundle: Bundle, release: Release) -> list[str]:
    """Return a sentence for each limit of the model and each gate that warned.

    A shift of the population has a badge and a sentence of its own.
    """
    warned = [
        str(gate["sentence"])
        for gate in release.gates
        if gate["verdict"] == "warned" and gate["name"] != DRIFT
    ]
    return list(dict.fromkeys([*bundle.warnings, *warned]))


def show_notes(found: list[str]) -> None:
    """Draw the sentences; nothing where there are none."""
    if found:
        lines = ["**What this data cannot say:**", *(f"- {escaped(one)}" for one in found)]
        st.warning("\n".join(lines), icon=":material/warning:")
