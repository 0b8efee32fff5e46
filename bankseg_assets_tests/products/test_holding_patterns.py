"""Groups of customers with equal holdings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.products.holding_patterns import Patterns
from bankseg_assets.products.recommender import NOT_A_CUSTOMER


def groups(*customers: int) -> Patterns:
    n = len(customers)
    return Patterns(np.arange(n), np.eye(n, 3, dtype=np.bool_), np.array(customers))


def test_shares_count_customers_not_groups() -> None:
    assert groups(6, 3, 0).shares.tolist() == [6 / 9, 3 / 9, 0]
    assert groups().shares.tolist() == [0, 0, 0]


def test_holders_hold_something() -> None:
    assert groups(1, 2, 3, 4).holders.customers.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("both", "strangers", "others", "matches"),
    [
        (80, 20, 100, True),
        (50, 50, 100, True),
        (40, 60, 100, False),
        (0, 60, 100, False),
        # Most holders have no transaction in the period, and most customers are holders.
        (60, 900, 40, True),
        # The holdings are of one branch.
        (30, 5, 900, True),
    ],
)
def test_holdings_match_customers(both: int, strangers: int, others: int, *, matches: bool) -> None:
    """Most of the smaller group are both holders and customers."""
    held = np.array([[True], [True], [False]])
    found = Patterns(np.array([0, NOT_A_CUSTOMER, 1]), held, np.array([both, strangers, others]))
    assert found.coverage.matches is matches
    assert (found.coverage.customers, found.coverage.holders) == (both + others, both + strangers)


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=50), st.integers(1, 5_000))
def test_sampled_is_proportional(customers: list[int], most: int) -> None:
    found = groups(*customers)
    sample = found.sampled(most)
    total = sum(customers)
    assert sample.customers.sum() == min(total, most)
    if total > most:
        kept = dict(zip(sample.segment.tolist(), sample.customers.tolist(), strict=True))
        for group, count in enumerate(customers):
            assert abs(kept.get(group, 0) - count * most / total) <= 1
