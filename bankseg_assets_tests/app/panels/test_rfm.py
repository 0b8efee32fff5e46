"""Tests of the RFM grid as chart and table."""

import pandas as pd

from app.panels.rfm import as_table, clicked, heat_grid, row_of, scores, thresholds
from app.widgets.numbers import Numbers
from bankseg_assets_tests.app.customers import tables

CELLS = pd.DataFrame(tables()["rfm_grid"])


def test_thresholds_in_words() -> None:
    assert scores(CELLS, "recency", "days ago") == {5: "0 to 3 days ago", 1: "4 days ago or more"}
    assert scores(CELLS, "frequency") == {5: "2 or more", 1: "1"}
    one = {"frequency_from": 1, "frequency_to": 1}
    assert thresholds(one, "frequency", "transactions") == "1 transaction"


def test_grid_has_recent_on_top_and_frequent_on_the_right() -> None:
    heat, few, _ = heat_grid(CELLS, Numbers()).data
    assert [line[0].partition("<br>")[0] for line in heat.text] == ["<b>50</b>", "<b>34</b>"]
    assert ["Champions" in heat.text[0][0], "At risk" in heat.text[1][0]] == [True, True]
    assert [[value is None for value in line] for line in heat.z] == [[False, True], [False, True]]
    assert [list(line) for line in few.text] == [["", "<b><11</b>"], ["", "<b><11</b>"]]


def test_empty_cell_has_no_colour() -> None:
    empty = CELLS.assign(customers=[0] * len(CELLS), monetary=0, rfm_group=None)
    heat, few, _ = heat_grid(empty, Numbers()).data
    for part in (heat, few):
        assert {value for line in part.z for value in line} == {None}
        assert {text for line in part.text for text in line} == {""}


def test_every_cell_is_clickable() -> None:
    points = heat_grid(CELLS, Numbers()).data[2]
    assert [list(cell) for cell in points.customdata] == [[5, 1], [5, 5], [1, 1], [1, 5]]
    event = {"selection": {"points": [{"customdata": [1, 5]}]}}
    assert clicked(event) == (1, 5)
    assert clicked({"selection": {"points": []}}) is None


def test_selected_cell_has_a_frame() -> None:
    assert not heat_grid(CELLS, Numbers()).layout.shapes
    (frame,) = heat_grid(CELLS, Numbers(), (1, 1)).layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (-0.5, 0.5, 0.5, 1.5)
    assert not heat_grid(CELLS, Numbers(), (3, 3)).layout.shapes  # no customer has this score


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
