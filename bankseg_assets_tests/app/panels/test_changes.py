"""Tests of the segment migration's table and diagram."""

from decimal import Decimal

import pandas as pd

from app.panels.changes import as_table, sankey, shown
from app.widgets.numbers import Numbers

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
    link = sankey(shown(FLOWS, "both"), {}).data[0].link
    assert sorted(link.value) == [30, 40, 60, 1_000]
