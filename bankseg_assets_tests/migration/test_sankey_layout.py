"""Nodes are stacked, bands begin and end in them, and small flows are omitted."""

from decimal import Decimal

from bankseg_assets.migration.flows import CustomerPath, flows
from bankseg_assets.migration.sankey_layout import GAP, Sankey, sankey

OLD, NEW = ("Big", "Small"), ("Large", "Little")
GAP_OF_600 = GAP * 600


def drawn(*paths: tuple[int | None, int | None, int | None, int]) -> Sankey:
    found = [CustomerPath(*stops, count, Decimal(count)) for *stops, count in paths]
    return sankey(flows(found, OLD, NEW, (0, 1)))


def test_columns_have_segments_then_new_or_gone() -> None:
    found = drawn((0, 0, 0, 300), (1, 0, 1, 100), (None, 1, 1, 150), (1, None, None, 50))
    assert [(node.column, node.name, node.top, node.height) for node in found.nodes] == [
        (0, "Big", 0, 300),
        (0, "Small", 300 + GAP_OF_600, 150),
        (0, "new", 450 + 2 * GAP_OF_600, 150),
        (1, "Big", 0, 400),
        (1, "Small", 400 + GAP_OF_600, 150),
        (1, "gone", 550 + 2 * GAP_OF_600, 50),
        (2, "Large", 0, 300),
        (2, "Little", 300 + GAP_OF_600, 250),
    ]
    assert [(node.customers, node.money) for node in found.nodes[-2:]] == [(300, 300), (250, 250)]


def test_bands_do_not_overlap_in_nodes() -> None:
    found = drawn((0, 0, 0, 300), (1, 0, 1, 100), (None, 1, 1, 150), (1, None, None, 50))
    bands = [
        (band.column, band.flow.from_name, band.flow.to_name, band.start, band.end, band.height)
        for band in found.bands
    ]
    small, gone = 400 + GAP_OF_600, 550 + 2 * GAP_OF_600
    assert bands == [
        (0, "Big", "Big", 0, 0, 300),
        (0, "Small", "Big", 300 + GAP_OF_600, 300, 100),
        (0, "Small", "gone", 400 + GAP_OF_600, gone, 50),
        (0, "new", "Small", 450 + 2 * GAP_OF_600, small, 150),
        (1, "Big", "Large", 0, 0, 300),
        (1, "Big", "Little", 300, 300 + GAP_OF_600, 100),
        (1, "Small", "Little", small, 400 + GAP_OF_600, 150),
    ]


def test_small_flows_are_hidden_and_others_rounded() -> None:
    found = drawn((0, 0, 0, 104), (0, 0, 1, 10), (0, 1, 1, 7), (1, 1, 1, 55))
    assert [band.height for band in found.bands] == [110, 60, 100, 60]
    assert {(b.flow.from_name, b.flow.to_name) for b in found.bands} == {
        ("Big", "Big"),
        ("Small", "Small"),
        ("Big", "Large"),
        ("Small", "Little"),
    }


def test_size_of_small_flow_is_not_visible() -> None:
    def heights(few: int) -> list[float]:
        return [node.height for node in drawn((0, 0, 0, 500), (1, 1, 0, few)).nodes]

    assert {tuple(heights(few)) for few in range(1, 11)} == {(500, 500, 500)}


def test_no_flows_give_empty_layout() -> None:
    assert drawn() == Sankey((), ())
