"""The look of the page: light or dark."""

import streamlit as st

from app.widgets.palette import Look


def look() -> Look:
    """Return whether the person's page is light or dark."""
    return "dark" if st.context.theme.type == "dark" else "light"
