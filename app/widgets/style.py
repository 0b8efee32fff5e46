"""Style sheets of the app's own widgets, by their keys."""

import streamlit as st

from app.widgets.palette import BUTTON_INK, Look


def style_buttons(look: Look) -> None:
    """Give primary buttons text that contrasts with them."""
    style(f'button[kind^="primary"] {{color: {BUTTON_INK[look]};}}')


def pale_while_typing(key: str, *, locked: bool = False) -> None:
    """Make the container `key` pale while a text is typed on the page that is not read yet.

    `locked`: its buttons cannot be pressed meanwhile; a download would be of the previous text. A
    field with `max_chars` has a counter in the same place, and would count as typed in until left.
    """
    lock = " pointer-events: none;" if locked else ""
    style(
        '[data-testid="stMain"]:has([data-testid="InputInstructions"]:not(:empty)) '
        f".st-key-{key}, [data-test-script-state='running'] .st-key-{key} "
        f"{{opacity: 0.35;{lock}}}"
    )


def two_on_a_phone(key: str) -> None:
    """Let a phone show the figures in the container `key` two in a line."""
    style(
        "@media (max-width: 640px) {"
        f".st-key-{key} > * {{flex: 1 1 40%; min-width: 0;}} "
        f'.st-key-{key} [data-testid="stMetric"] {{width: 100%;}} '
        # A long label is cut otherwise.
        f'.st-key-{key} [data-testid="stMetricLabel"] :is(div, p) {{white-space: normal;}}'
        "}"
    )


def style(sheet: str) -> None:
    """Add a style sheet to the page. It must be of the app's constants, not of data.

    Raises ValueError for a `<`, which could end the style sheet and begin markup.
    """
    if "<" in sheet:
        raise ValueError("A style sheet has a '<', which only markup needs.")
    st.html(f"<style>{sheet}</style>")
