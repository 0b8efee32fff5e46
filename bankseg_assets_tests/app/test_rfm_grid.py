"""Tests of the RFM page: a cell is selected by click, by two boxes, or by URL."""

import io
from decimal import Decimal
from pathlib import Path

import pandas as pd
from streamlit.testing.v1 import AppTest

from app.panels.downloads import campaign_list
from app.panels.rfm_cell import as_table, members_of, segments_in
from app.widgets.numbers import Numbers
from bankseg_assets.release.releases import Release, current_release
from bankseg_assets.scoring.bundle import load_bundle
from bankseg_assets.scoring.documents import Segment
from bankseg_assets_tests.app.customers import NAMES, tables
from bankseg_assets_tests.app.publishing import publish

MAIN = Path(__file__).parents[2] / "app" / "main.py"


def _open(data_dir: Path, **query: str) -> AppTest:
    publish(data_dir, tables())
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    page.switch_page("views/rfm_grid.py")
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception, page.exception
    return page


def _released(data_dir: Path) -> Release:
    found = current_release(data_dir / "published")
    assert found is not None
    return found


def test_boxes_select_a_cell_and_update_the_url(data_dir: Path) -> None:
    page = _open(data_dir)
    assert not page.metric
    page.selectbox(key="rfm_recency").select(5).run()
    page.selectbox(key="rfm_frequency").select(1).run()
    assert not page.exception
    assert page.query_params == {"rfm_recency": "5", "rfm_frequency": "1"}
    assert [box.value for box in page.metric] == ["50", "INR 45,000"]
    assert "Small spenders" in page.table[1].value["Segment"].tolist()


def test_link_selects_its_cell(data_dir: Path) -> None:
    page = _open(data_dir, rfm_recency="1", rfm_frequency="1")
    assert [box.value for box in page.selectbox] == [1, 1]
    assert page.metric[0].value == "34"


def test_link_with_an_invalid_cell_is_ignored(data_dir: Path) -> None:
    page = _open(data_dir, rfm_recency="9", rfm_frequency="x")
    assert [box.value for box in page.selectbox] == [None, None]


def test_small_cell_has_no_list(data_dir: Path) -> None:
    page = _open(data_dir, rfm_recency="1", rfm_frequency="5")
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


def test_list_includes_balances_rounded_below_zero(data_dir: Path) -> None:
    """An average balance can be a fraction of a cent below zero, outside the model's range."""
    found = tables()
    customers = [row | {"monetary": Decimal("-0.004")} for row in found["customer_segments"]]
    bundle = load_bundle(publish(data_dir, found | {"customer_segments": customers}))
    make = campaign_list(_released(data_dir), bundle, members_of((5, 1)), "cell", {})
    assert len(pd.read_csv(io.BytesIO(make()))) == 50


def test_list_has_exactly_the_customers_of_the_cell(data_dir: Path) -> None:
    bundle = load_bundle(publish(data_dir, tables()))
    actions = {0: "Call", 1: "=Write"}
    make = campaign_list(_released(data_dir), bundle, members_of((5, 1)), "cell", actions)
    found = pd.read_csv(io.BytesIO(make()))
    assert found.columns.tolist() == [
        *("customer_id", "segment", "segment_name", "confidence", "action"),
        *("model_version", "snapshot_date", "held_out_of_campaign"),
    ]
    assert found["customer_id"].tolist() == [f"C{number}" for number in range(50)]
    assert found.groupby("segment").size().to_dict() == {0: 45, 1: 5}
    assert found.groupby("segment")["action"].first().to_dict() == {0: "Call", 1: "'=Write"}
    assert found["confidence"].between(0, 1).all()
    assert 0 < found["held_out_of_campaign"].sum() < 20
    empty = campaign_list(_released(data_dir), bundle, members_of((3, 3)), "cell", actions)
    assert pd.read_csv(io.BytesIO(empty())).empty
