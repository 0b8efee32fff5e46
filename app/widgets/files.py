"""The button for a file that is made on demand."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app.state.access import guarded
from bankseg_assets.access.roles import Action

MIME = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def file_button(
    label: str,
    action: Action,
    make: Callable[[], bytes],
    file_name: str,
    *,
    key: str,
    icon: str = ":material/download:",
    is_primary: bool = False,
) -> None:
    """Draw a button that makes a file when it is pressed, if the session may do `action` then.

    `make` needs no session. The ending of the name is one of MIME.
    """
    st.download_button(
        label,
        guarded(action, make),
        file_name=file_name,
        mime=MIME[Path(file_name).suffix],
        icon=icon,
        type="primary" if is_primary else "secondary",
        key=key,
        on_click="ignore",
    )
