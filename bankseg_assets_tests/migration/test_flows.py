"""Every customer is in exactly one flow of each kind."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bankseg_assets.migration.flows import (
    BOTH,
    CUSTOMER,
    KINDS,
    MODEL,
    CustomerPath,
    flows,
    of_kind,
    unbalanced_totals,
)

OLD = ("Old big", "Old small")
NEW = ("New big", "New small", "Third")
CONTINUES = (0, None, 1)  # number 2 is the old number 1; new number 1 continues none
WAYS = [
    CustomerPath(0, 0, 0, 50, Decimal("500.00")),
    CustomerPath(0, 1, 1, 20, Decimal("40.50")),  # the customers moved
    CustomerPath(1, 1, 2, 30, Decimal("60.25")),  # the model moved
    CustomerPath(1, 0, 1, 3, Decimal("9.00")),  # they moved, and the model moved them back
    CustomerPath(None, 0, 0, 5, Decimal("7.00")),
    CustomerPath(1, None, None, 4, Decimal("8.00")),
]
BEFORE = {0: 70, 1: 37}
AFTER = {0: 55, 1: 23, 2: 30}
MONEY = Decimal("616.75")

ends = st.one_of(
    st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 2)),
    st.tuples(st.none(), st.integers(0, 1), st.integers(0, 2)),
    st.tuples(st.integers(0, 1), st.none(), st.none()),
)
amounts = st.decimals(0, 10**6, places=2)
paths = st.lists(
    st.builds(lambda e, n, m: CustomerPath(*e, n, m), ends, st.integers(1, 99), amounts)
)


def sizes(found: list[CustomerPath], stop: str) -> Counter[int]:
    counts: Counter[int] = Counter()
    for way in found:
        if (segment := getattr(way, stop)) is not None:
            counts[segment] += way.customers
    return counts


def money_after(found: list[CustomerPath]) -> Decimal:
    return sum((way.money for way in found if way.new_model is not None), Decimal(0))


def rows(kind: str) -> list[tuple[str, str, int, str]]:
    found = of_kind(flows(WAYS, OLD, NEW, CONTINUES), kind)
    return [(flow.from_name, flow.to_name, flow.customers, str(flow.money)) for flow in found]


def test_with_old_model_only_customers_move() -> None:
    assert rows(CUSTOMER) == [
        ("Old big", "Old big", 50, "500.00"),
        ("Old big", "Old small", 20, "40.50"),
        ("Old small", "Old big", 3, "9.00"),
        ("Old small", "Old small", 30, "60.25"),
        ("Old small", "gone", 4, "8.00"),
        ("new", "Old big", 5, "7.00"),
    ]


def test_with_same_data_only_model_moves() -> None:
    assert rows(MODEL) == [
        ("Old big", "New big", 55, "507.00"),
        ("Old big", "New small", 3, "9.00"),
        ("Old small", "New small", 20, "40.50"),
        ("Old small", "Third", 30, "60.25"),
        ("gone", "gone", 4, "8.00"),
    ]


def test_both_flows_go_from_old_to_new_segments() -> None:
    assert rows(BOTH) == [
        ("Old big", "New big", 50, "500.00"),
        ("Old big", "New small", 20, "40.50"),
        ("Old small", "New small", 3, "9.00"),
        ("Old small", "Third", 30, "60.25"),
        ("Old small", "gone", 4, "8.00"),
        ("new", "New big", 5, "7.00"),
    ]


def test_moved_ignores_renumbering() -> None:
    moved = {
        (flow.kind, flow.from_name, flow.to_name)
        for flow in flows(WAYS, OLD, NEW, CONTINUES)
        if flow.moved
    }
    assert moved == {
        (CUSTOMER, "Old big", "Old small"),
        (CUSTOMER, "Old small", "Old big"),
        (MODEL, "Old big", "New small"),
        (MODEL, "Old small", "New small"),
        (BOTH, "Old big", "New small"),
        (BOTH, "Old small", "New small"),
    }


def test_new_and_gone_customers_have_one_segment() -> None:
    unknown = [flow for flow in flows(WAYS, OLD, NEW, CONTINUES) if not flow.known]
    assert {(flow.from_name, flow.to_name) for flow in unknown} == {
        ("new", "Old big"),
        ("new", "New big"),
        ("Old small", "gone"),
        ("gone", "gone"),
    }
    assert not any(flow.moved for flow in unknown)


def test_complete_flows_are_balanced() -> None:
    assert unbalanced_totals(flows(WAYS, OLD, NEW, CONTINUES), BEFORE, AFTER, MONEY) == []


@pytest.mark.parametrize(
    ("before", "after", "money", "expected"),
    [
        ({0: 70, 1: 38}, AFTER, MONEY, "107 customers leave the old segments, by the old model"),
        ({0: 71, 1: 36}, AFTER, MONEY, "107 customers leave the old segments, both together"),
        (BEFORE, {0: 55, 1: 23, 2: 31}, MONEY, "108 customers arrive in the new segments, by the"),
        (BEFORE, {0: 55, 1: 22, 2: 31}, MONEY, "both together; expected 108"),
        (
            BEFORE,
            AFTER,
            MONEY + Decimal("0.01"),
            "model: money of 616.75 arrives; expected 616.76.",
        ),
    ],
)
def test_unbalanced_total_is_reported(
    before: dict[int, int], after: dict[int, int], money: Decimal, expected: str
) -> None:
    assert expected in " ".join(
        unbalanced_totals(flows(WAYS, OLD, NEW, CONTINUES), before, after, money)
    )


@given(paths)
def test_flows_preserve_customers_and_money(found: list[CustomerPath]) -> None:
    before, after = sizes(found, "before"), sizes(found, "new_model")
    made = flows(found, OLD, NEW, CONTINUES)
    assert unbalanced_totals(made, before, after, money_after(found)) == []
    for kind in KINDS:
        assert sum(flow.customers for flow in of_kind(made, kind)) == sum(
            way.customers for way in found
        )


@given(paths, st.data())
def test_missing_customer_is_detected_except_gone_ones(
    found: list[CustomerPath], data: st.DataObject
) -> None:
    made = flows(found, OLD, NEW, CONTINUES)
    places = [n for n, flow in enumerate(made) if flow.leaves or flow.arrives]
    assume(places)
    place = data.draw(st.sampled_from(places))
    made[place] = replace(made[place], customers=made[place].customers - 1)
    before, after = sizes(found, "before"), sizes(found, "new_model")
    assert unbalanced_totals(made, before, after, money_after(found)) != []
