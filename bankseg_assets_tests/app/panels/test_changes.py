"""Tests of the segment migration's table and diagram."""

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from app.panels.changes import (
    MARGIN,
    as_table,
    compared,
    distinct_names,
    sankey,
    shown,
    with_names,
)
from app.panels.flow_layout import FLOWS as FLOWS_HEIGHT
from app.panels.flow_layout import LABELLED, LINE
from app.widgets.numbers import Numbers
from bankseg_assets.release.releases import PROMOTION, Release

COLUMNS = ["kind", "from_segment", "from_name", "to_segment", "to_name", "moved"]
COLUMNS += ["customers", "money"]
FLOWS = pd.DataFrame(
    [
        ("both", 0, "Big", 0, "Large", False, 1_004, Decimal("5123.45")),
        ("both", 0, "Big", 1, "Small", True, 26, Decimal("77.00")),
        ("both", 1, "Small", 0, "Large", True, 10, Decimal("9.00")),
        ("both", None, "new", 1, "Small", False, 55, Decimal("60.00")),
        ("both", 1, "Small", None, "gone", False, 40, Decimal("50.00")),
        ("model", None, "gone", None, "gone", False, 40, Decimal("50.00")),
    ],
    columns=COLUMNS,
)


def test_changes_table_is_rounded_and_hides_small_flows() -> None:
    rows = as_table(shown(FLOWS, "both"), Numbers("INR")).to_numpy().tolist()
    assert rows == [
        ["Big", "Small", "30", "INR 77"],
        ["Big", "Large (stayed)", "1,000", "INR 5,120"],
        ["new", "Small", "60", "INR 60"],
        ["Small", "gone", "40", "INR 50"],
    ]


def test_gone_customers_are_not_model_moves() -> None:
    assert shown(FLOWS, "model").empty


def test_sankey_has_the_figures_of_the_table() -> None:
    link = sankey(shown(FLOWS, "both"), {}, Numbers()).data[0].link
    assert sorted(link.value) == [30, 40, 60, 1_000]
    assert "Big to Small: 30 customers" in link.customdata


def test_sankey_names_have_customers_in_the_order_of_segments() -> None:
    labels = sankey(shown(FLOWS, "both"), {}, Numbers()).data[0].node.label
    assert labels == (
        "Big ·\N{NO-BREAK SPACE}1,030",
        "Small ·\N{NO-BREAK SPACE}40",
        "new ·\N{NO-BREAK SPACE}60",
        "Large ·\N{NO-BREAK SPACE}1,000",
        "Small ·\N{NO-BREAK SPACE}90",
        "gone ·\N{NO-BREAK SPACE}40",
    )


@pytest.mark.parametrize("count", [2, 8, 12, 30])
def test_sankey_labels_do_not_overlap(count: int) -> None:
    """Also of segments with very few customers, whose nodes have no height."""
    figure = sankey(_uneven(count), {}, Numbers())
    node = figure.data[0].node
    height = figure.layout.height - 2 * MARGIN
    for is_left in (True, False):
        ends = [0.0]
        for x, y, label in zip(node.x, node.y, node.label, strict=True):
            if (x < 0.5) == is_left and label:
                half = LINE * (label.count("<br>") + 1) / 2
                assert y * height - half >= ends[-1] - 0.01, label
                ends.append(y * height + half)
        assert len(ends) == 1 + min(count, LABELLED)
        assert ends[-1] <= height + 0.01


@pytest.mark.parametrize("count", [2, 8, 12, 30])
def test_sankey_nodes_do_not_overlap(count: int) -> None:
    """All customers have FLOWS pixels, by the scale that Plotly derives from the padding."""
    figure = sankey(_uneven(count), {}, Numbers())
    node, link = figure.data[0].node, figure.data[0].link
    height = figure.layout.height - 2 * MARGIN
    scale = (height - (count - 1) * node.pad) / sum(link.value)
    assert scale * sum(link.value) == pytest.approx(FLOWS_HEIGHT, abs=0.5)
    ends = {True: 0.0, False: 0.0}
    for place, (x, y) in enumerate(zip(node.x, node.y, strict=True)):
        pairs = zip(link.source, link.target, link.value, strict=True)
        half = scale * sum(size for *ends_of, size in pairs if place in ends_of) / 2
        assert y * height - half >= ends[x < 0.5] - 0.5
        ends[x < 0.5] = y * height + half


def test_sankey_of_many_segments_names_the_largest() -> None:
    node = sankey(_uneven(30), {}, Numbers()).data[0].node
    assert node.label[15:30] == ("",) * 15
    assert node.label[0] == "Segment 0 of<br>several words<br>2,000,000"
    assert node.customdata[29] == "Segment 29 of several words ·\N{NO-BREAK SPACE}20"


def _uneven(count: int) -> pd.DataFrame:
    """Return flows of segments with a few to a million customers, each to itself and the next."""
    names = [f"Segment {one} of several words" for one in range(count)]
    flows = [
        ("both", one, names[one], to, names[to], one != to, max(10**6 // 7**one, 10), Decimal(1))
        for one in range(count)
        for to in (one, (one + 1) % count)
    ]
    return pd.DataFrame(flows, columns=COLUMNS)


def test_table_has_no_row_numbers_of_sorted_flows() -> None:
    assert isinstance(as_table(shown(FLOWS, "both"), Numbers()).index, pd.RangeIndex)


def test_move_to_a_segment_of_the_same_name_is_distinguished() -> None:
    moved = FLOWS.iloc[[0, 1]].assign(to_name="Big")
    assert distinct_names(moved)["from_name"].tolist() == ["Big (previous version)"] * 2


def test_comparison_of_the_same_snapshot_is_explained() -> None:
    old, new = (_release(serial) for serial in (2, 3))
    assert compared("2016-10-22", "2016-10-22", old, new).startswith(
        "Both version 2 and version 3 are of the snapshot of 22 October 2016: files"
    )
    assert compared("2016-09-22", "2016-10-22", None, new) == (
        "Snapshots of 22 September 2016 (the previous version) and 22 October 2016 (version 3)."
    )


def _release(serial: int) -> Release:
    return Release(
        serial=serial,
        name=f"{serial:08}-x",
        folder=Path(),
        kind=PROMOTION,
        note="",
        created_at="",
        run_id="",
        is_demo=False,
        versions={},
        model_sha256="",
    )


def test_flows_have_the_names_that_the_bank_gives() -> None:
    """A flow due to the customer is between segments of the previous model."""
    flows = FLOWS.assign(kind=["customer", *FLOWS["kind"][1:]])
    found = with_names(flows, {0: "Wealthy"}, {0: "Rich", 1: "Modest"})
    assert found["from_name"].tolist()[:4] == ["Wealthy", "Wealthy", "Small", "new"]
    assert found["to_name"].tolist()[:5] == ["Wealthy", "Modest", "Rich", "Modest", "gone"]


def test_sankey_places_both_sides_in_the_order_of_the_names() -> None:
    """Plotly would order each side by its flows."""
    node = sankey(shown(FLOWS, "both"), {}, Numbers()).data[0].node
    left = [y for x, y in zip(node.x, node.y, strict=True) if x < 0.5]
    right = [y for x, y in zip(node.x, node.y, strict=True) if x > 0.5]
    assert left == sorted(left)
    assert right == sorted(right)
    assert all(0 < y < 1 for y in node.y)
