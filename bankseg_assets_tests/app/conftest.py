"""A data folder for each test, and no Dagster instance left open from the one before."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return an empty data folder that the app's settings point to."""
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    yield tmp_path
    st.cache_resource.clear()
