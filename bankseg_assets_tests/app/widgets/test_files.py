"""Tests of the button for a file that is made on demand."""

from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st

from app.widgets import files
from app.widgets.files import file_button
from bankseg_assets.access.roles import Action


def test_button_makes_file_only_if_permitted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Action, Callable[[], bytes]]] = []
    drawn: list[dict[str, Any]] = []

    def guarded(action: Action, make: Callable[[], bytes]) -> str:
        asked.append((action, make))
        return "guarded"

    def draw(label: str, data: str, **options: Any) -> None:
        drawn.append({"label": label, "data": data, **options})

    monkeypatch.setattr(files, "guarded", guarded)
    monkeypatch.setattr(st, "download_button", draw)
    make = b"C1".decode().encode
    file_button("The list", Action.MAKE_LISTS, make, "list.csv", key="list", is_primary=True)
    assert asked == [(Action.MAKE_LISTS, make)]
    (button,) = drawn
    assert button["data"] == "guarded"
    assert (button["mime"], button["type"]) == ("text/csv", "primary")
