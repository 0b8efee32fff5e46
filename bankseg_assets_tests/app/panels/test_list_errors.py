"""What is typed into the rows with errors is kept until it is scored."""

from typing import Any

import pytest
import streamlit as st

from app.panels import list_errors


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A session in which the editor shows the rows 7 and 9 of a list."""
    found: dict[str, Any] = {"list_editor": ("faults", (7, 9))}
    monkeypatch.setattr(st, "session_state", found)
    return found


def test_edits_are_kept_by_row_of_the_list(session: dict[str, Any]) -> None:
    session["faults"] = {"edited_rows": {1: {"frequency": "3"}}}
    list_errors.keep_edits()
    session["faults"] = {"edited_rows": {"1": {"monetary": None}, "0": {"frequency": "2"}}}
    list_errors.keep_edits()
    assert session["list_pending"] == {
        9: {"frequency": "3", "monetary": ""},
        7: {"frequency": "2"},
    }


def test_edits_outlive_their_editor(session: dict[str, Any]) -> None:
    """Another page discards the editor, not what was typed into it."""
    session["faults"] = {"edited_rows": {0: {"frequency": "3"}}}
    list_errors.keep_edits()
    del session["faults"]
    list_errors.keep_edits()
    assert session["list_pending"] == {7: {"frequency": "3"}}


def test_scored_edits_are_forgotten(session: dict[str, Any]) -> None:
    session["faults"] = {"edited_rows": {0: {"frequency": "3"}}}
    list_errors.keep_edits()
    list_errors.forget_edits()
    list_errors.keep_edits()
    assert "list_pending" not in session
    assert session["list_round"] == 1
