"""Tests of the page of campaign lists, and of the links to it."""

from pathlib import Path

import pytest

from app.panels.audience_table import wanted_customers
from bankseg_assets_tests.app.customers import opened
from bankseg_assets_tests.campaigns.test_objections import object_to


def test_page_begins_with_a_win_back_list_of_500(data_dir: Path) -> None:
    page = opened(data_dir)
    assert page.selectbox(key="who").value == "At risk"
    assert page.selectbox(key="who").format_func("At risk") == (
        "At risk · 38 customers · INR 34,200"
    )
    assert page.selectbox(key="list_top").value == 500
    assert len(page.get("download_button")) == 3


def test_link_chooses_a_segment(data_dir: Path) -> None:
    page = opened(data_dir, who="Big spenders")
    assert page.selectbox(key="who").value == "Big spenders"
    page = opened(data_dir, who="Elsewhere")
    assert page.selectbox(key="who").value == "At risk"


def test_number_of_customers_may_be_typed() -> None:
    assert [wanted_customers(text) for text in (0, 500, "1,500", " 20 ")] == [0, 500, 1500, 20]
    assert [wanted_customers(text) for text in ("many", "-5", "", "1e3", "1.5")] == [None] * 5


@pytest.mark.parametrize("view", ["overview", "rfm_grid"])
def test_start_pages_link_to_the_win_back_list(data_dir: Path, view: str) -> None:
    page = opened(data_dir, view)
    first = page.get("page_link")[0].proto
    assert first.query_string == "who=At+risk"
    if view == "rfm_grid":
        assert first.label == "Win-back list: 38 customers, INR 34,200"


def test_page_shows_how_many_object(data_dir: Path) -> None:
    object_to(data_dir, *(f"C{number}" for number in range(76, 96)))
    page = opened(data_dir, who="Champions")
    (shown,) = (info.value for info in page.info if "objection" in info.value)
    assert shown.startswith("12 left out by objection")


def test_page_without_readable_objections_has_no_list(data_dir: Path) -> None:
    object_to(data_dir, "C1", header="client")
    page = opened(data_dir)
    assert "has no column 'customer_id'" in page.error[0].value
    assert page.get("download_button") == []
