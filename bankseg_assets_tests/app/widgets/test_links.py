"""Tests of links: which lead nowhere, and choices in the URL."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.widgets.links import leads_nowhere
from bankseg_assets_tests.app.publishing import publish

MAIN = Path(__file__).parents[3] / "app" / "main.py"


@pytest.mark.parametrize("path", ["/segments/x", "/nosuch", "/segments/x/y"])
def test_link_of_no_page_leads_nowhere(path: str) -> None:
    assert leads_nowhere(path, {"segments"})


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/segments", "/segments/", "/_stcore/health", "/segments/_stcore/health"),
        *("/favicon.png", "/static/js/index.js", "/media/abc.csv"),
    ],
)
def test_link_of_a_page_or_file_is_served(path: str) -> None:
    assert not leads_nowhere(path, {"segments"})


def test_not_found_page_names_the_link_and_leads_on(data_dir: Path) -> None:
    publish(data_dir)
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    page.switch_page("views/not_found.py")
    page.query_params["link"] = "/segments/x"
    page.run()
    assert not page.exception
    assert page.title[0].value == "This page does not exist"
    assert page.code[0].value == "/segments/x"


def test_link_counts_once_until_another_is_followed() -> None:
    """Another URL is a link or the browser's back; what was chosen on the page stays otherwise."""

    def script() -> None:
        import streamlit as st

        from app.widgets.links import arrived_by, enter

        enter(st.session_state.get("page", "grid"))
        if (link := arrived_by("cell")) is not None:
            st.session_state["cell"] = int(link["cell"] or 0) or None
        st.selectbox("Cell", [1, 2], index=None, key="cell")

    page = AppTest.from_function(script)
    page.query_params["cell"] = "1"
    page.run()
    assert page.selectbox(key="cell").value == 1
    page.selectbox(key="cell").select(2).run()
    assert page.selectbox(key="cell").value == 2
    page.query_params.clear()
    page.run()
    assert page.selectbox(key="cell").value is None
    page.query_params["cell"] = "1"
    page.run()
    page.selectbox(key="cell").select(2).run()
    page.session_state["page"] = "other"
    page.run()
    assert page.selectbox(key="cell").value == 1
