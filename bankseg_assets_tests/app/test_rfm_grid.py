"""Tests of the RFM page: a cell is selected by its button or by URL."""

from decimal import Decimal
from pathlib import Path

import pandas as pd

from app.panels.rfm import as_table as grid_table
from app.panels.rfm_cell import as_table, segments_in
from app.widgets.numbers import Numbers
from bankseg_assets.release.releases import Release, current_release
from bankseg_assets.scoring.documents import Segment
from bankseg_assets_tests.app.customers import NAMES, opened, tables
from bankseg_assets_tests.app.publishing import publish


def _released(data_dir: Path) -> Release:
    found = current_release(data_dir / "published")
    assert found is not None
    return found


def test_button_selects_a_cell_and_adds_no_history(data_dir: Path) -> None:
    """Every write to the URL is an entry of the browser's history, in which "back" was caught."""
    page = opened(data_dir, "rfm_grid")
    assert not page.metric
    page.button(key="rfm_box_5_1").click().run()
    assert not page.exception
    assert page.query_params == {}
    assert page.subheader[0].value == "1 transaction, 0 to 3 days ago"
    assert [box.value for box in page.metric] == ["50", "INR 45,000"]
    assert "[Small spenders](segments?segment=0)" in page.table[0].value["Segment"].tolist()


def test_link_selects_its_cell(data_dir: Path) -> None:
    page = opened(data_dir, "rfm_grid", rfm_recency="1", rfm_frequency="1")
    assert page.metric[0].value == "34"
    page.button(key="rfm_box_5_1").click().run()
    assert page.metric[0].value == "50"
    page.switch_page("views/overview.py").run()
    page.switch_page("views/rfm_grid.py")
    page.query_params["rfm_recency"] = page.query_params["rfm_frequency"] = "1"
    page.run()
    assert page.metric[0].value == "34"  # the link counts again after another page


def test_link_with_an_invalid_cell_is_ignored(data_dir: Path) -> None:
    page = opened(data_dir, "rfm_grid", rfm_recency="9", rfm_frequency="x")
    assert page.subheader[0].value == "Customers of a cell"


def test_small_cell_has_no_list(data_dir: Path) -> None:
    page = opened(data_dir, "rfm_grid", rfm_recency="1", rfm_frequency="5")
    assert "too few (under 11) to be shown" in page.info[0].value
    assert not page.metric
    assert not page.get("download_button")


def test_segments_of_a_cell_are_rounded_to_ten(data_dir: Path) -> None:
    publish(data_dir, tables())
    counts = segments_in(_released(data_dir), (5, 1))
    assert counts == {0: 45, 1: 5}
    segments = [Segment(segment=number, name=name) for number, name in enumerate(NAMES)]
    found = as_table(counts, segments, Numbers())
    assert found["Customers"].tolist() == ["50", "<11"]


def test_rfm_page_shows_the_totals_of_groups(data_dir: Path) -> None:
    """A cell names the group that most of its customers are in, with the share if not all."""
    page = opened(data_dir, "rfm_grid")
    groups = next(table.value for table in page.table if "Group" in table.value.columns)
    groups = groups.assign(Group=groups["Group"].str.extract(r"\[(.*)\]"))
    assert groups[["Group", "Customers", "Money"]].to_numpy().tolist() == [
        ["Champions", "62", "INR 55,800"],
        ["At risk", "38", "INR 34,200"],
    ]


def test_cell_shows_the_share_of_its_most_common_group() -> None:
    """A cell of 26,370 customers is not the group of 72,895."""
    cell = {
        "recency_score": 1,
        "frequency_score": 5,
        "recency_from": 60,
        "recency_to": None,
        "frequency_from": 2,
        "frequency_to": None,
        "customers": 100,
        "monetary": Decimal(1000),
        "rfm_group": "At risk",
        "group_share": 0.52,
    }
    table = grid_table(pd.DataFrame([cell]), Numbers())
    assert table["Most common group"].tolist() == ["At risk 52.0%"]
