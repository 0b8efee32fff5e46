"""Choices of a page in its URL, with one history entry each, so that back returns to them."""

from collections.abc import Container, Mapping

import streamlit as st

Choices = Mapping[str, Container[int]]
"""Key of a widget and of the URL -> its options."""


_OF_STREAMLIT = (
    "_stcore",
    "static",
    "media",
    "component",
    "vendor",
    "app",
    "auth",
    "oauth2callback",
)
"""First parts of paths that are not pages."""


def leads_nowhere(path: str, pages: Container[str]) -> bool:
    """Return whether the path of a URL is of no page: unknown, or below a page."""
    first, *more = path.strip("/").split("/")
    if first in _OF_STREAMLIT or {"_stcore", "static"} & {*more}:
        return False
    return bool(more) or not (first in pages or first == "" or "." in first)


def read_link(page: str, choices: Choices) -> None:
    """Set the widgets if the browser changed the URL: by a link, back or forward.

    Call it before the widgets are drawn. Values that are not an option are ignored.
    """
    found = {key: st.query_params.get(key, "") for key in choices}
    if found == st.session_state.get(_of(page)):
        return
    st.session_state[_of(page)] = found
    for key, options in choices.items():
        text = found[key]
        is_known = text.isdigit() and int(text) in options
        st.session_state[key] = int(text) if is_known else None


def write_link(page: str, choices: Choices) -> None:
    """Write the choices into the URL, all at once: each write is an entry of the history."""
    values = {key: st.session_state.get(key) for key in choices}
    found = {key: "" if value is None else str(value) for key, value in values.items()}
    if found == st.session_state.get(_of(page)):
        return
    st.session_state[_of(page)] = found
    others = {key: st.query_params[key] for key in st.query_params if key not in choices}
    st.query_params.from_dict(others | {key: text for key, text in found.items() if text})


def _of(page: str) -> str:
    return f"link_of_{page}"
