"""A data folder for each test, without an open Dagster instance of the previous test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield an empty data folder for the app's settings."""
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    yield tmp_path
    st.cache_resource.clear()
