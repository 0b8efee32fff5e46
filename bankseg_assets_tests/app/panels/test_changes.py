"""Tests of the segment migration's table and diagram."""

from decimal import Decimal
from pathlib import Path

import pandas as pd

from app.panels.changes import as_table, compared, distinct_names, sankey, shown, with_names
from app.widgets.numbers import Numbers
from bankseg_assets.release.releases import PROMOTION, Release

COLUMNS = ("kind", "from_segment", "from_name", "to_segment", "to_name", "moved")
FLOWS = pd.DataFrame(
    [
        ("both", 0, "Big", 0, "Large", False, 1_004, Decimal("5123.45")),
        ("both", 0, "Big", 1, "Small", True, 26, Decimal("77.00")),
        ("both", 1, "Small", 0, "Large", True, 10, Decimal("9.00")),
        ("both", None, "new", 1, "Small", False, 55, Decimal("60.00")),
        ("both", 1, "Small", None, "gone", False, 40, Decimal("50.00")),
        ("model", None, "gone", None, "gone", False, 40, Decimal("50.00")),
    ],
    columns=[*COLUMNS, "customers", "money"],
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
        "Big · 1,030",
        "Small · 40",
        "new · 60",
        "Large · 1,000",
        "Small · 90",
        "gone · 40",
    )


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
