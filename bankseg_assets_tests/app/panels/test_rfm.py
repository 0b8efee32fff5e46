"""Tests of the RFM grid as boxes and table."""

import pandas as pd
import pytest

from app.panels.rfm import MONEY, SHOWN, as_table, boxes, row_of, scores, thresholds
from app.widgets.numbers import Numbers
from app.widgets.palette import SHADE, Look, hue
from bankseg_assets_tests.app.customers import tables

CELLS = pd.DataFrame(tables()["rfm_grid"])


def test_thresholds_in_words() -> None:
    assert scores(CELLS, "recency", "days ago") == {5: "0 to 3 days ago", 1: "4 days ago or more"}
    assert scores(CELLS, "frequency") == {5: "2 or more", 1: "1"}
    one = {"frequency_from": 1, "frequency_to": 1}
    assert thresholds(one, "frequency", "transactions") == "1 transaction"


def test_boxes_have_recent_on_top_and_frequent_on_the_right() -> None:
    grid = boxes(CELLS, Numbers())
    assert [[box.cell for box in row] for row in grid] == [[(5, 1), (5, 5)], [(1, 1), (1, 5)]]
    assert [row[0].text for row in grid] == [
        "**50**  \n:small[Champions]",
        "**34**  \n:small[At risk]",
    ]
    assert grid[0][0].where == "Last transaction: 0 to 3 days ago; 1 transaction"


@pytest.mark.parametrize("look", ["light", "dark"])
def test_hidden_box_is_grey_and_reveals_nothing(look: Look) -> None:
    for shows in SHOWN:
        for row in boxes(CELLS, Numbers(), shows=shows, look=look):
            assert row[1].text == "**\\<11**"
            assert row[1].fill == SHADE[look]


@pytest.mark.parametrize("look", ["light", "dark"])
def test_box_is_stronger_where_more_is_shown(look: Look) -> None:
    """No glare: boxes of a dark page are dark."""
    strongest, other = (row[0].fill for row in boxes(CELLS, Numbers(), look=look))
    assert strongest == hue(look)[-1].lower() != other


def test_boxes_show_money_or_money_of_each_on_request() -> None:
    texts = [boxes(CELLS, Numbers("INR"), shows=shows)[0][0].text for shows in SHOWN]
    assert [text.split("**")[1] for text in texts] == ["50", "45,000", "900"]


def test_box_without_customers_is_empty() -> None:
    empty = CELLS.assign(customers=[0] * len(CELLS), monetary=0, rfm_group=None)
    assert all(box.is_empty for row in boxes(empty, Numbers()) for box in row)


def test_box_of_refunds_has_a_colour() -> None:
    refunds = CELLS.assign(monetary=[None if pd.isna(one) else -one for one in CELLS["monetary"]])
    fills = {row[0].fill for row in boxes(refunds, Numbers(), shows=MONEY)}
    assert fills == {hue("light")[0].lower()}


def test_row_of_small_and_empty_cells_is_none() -> None:
    found = row_of(CELLS, (5, 1))
    assert found is not None
    assert found["customers"] == 50
    assert row_of(CELLS, (1, 5)) is None
    assert row_of(CELLS, (5, 5)) is None  # hidden as a second cell
    assert row_of(CELLS, (3, 3)) is None


def test_grid_table_has_the_figures_of_the_grid() -> None:
    found = as_table(CELLS, Numbers("INR"))
    assert found["Customers"].tolist() == ["50", "fewer than 11", "34", "fewer than 11"]
    assert found["Money"].tolist()[:2] == ["INR 45,000", "fewer than 11"]
