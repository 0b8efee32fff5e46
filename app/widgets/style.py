"""Style sheets of the app's own widgets, by their keys."""

import streamlit as st

from app.widgets.palette import BUTTON_INK, Look


def style_buttons(look: Look) -> None:
    """Give primary buttons text that contrasts with them."""
    style(f'button[kind^="primary"] {{color: {BUTTON_INK[look]};}}')


def style(sheet: str) -> None:
    """Add a style sheet to the page. It must be of the app's constants, not of data.

    Raises ValueError for a `<`, which could end the style sheet and begin markup.
    """
    if "<" in sheet:
        raise ValueError("A style sheet has a '<', which only markup needs.")
    st.html(f"<style>{sheet}</style>")
