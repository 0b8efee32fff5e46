"""Leave-one-out evaluation: better rankings find the hidden holding earlier."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bankseg_assets.products import leave_one_out
from bankseg_assets.products.holding_patterns import Patterns
from bankseg_assets.products.leave_one_out import (
    Split,
    compare_recommenders,
    ranking_quality,
    split,
)
from bankseg_assets.products.recommender import NOT_A_CUSTOMER, Holdings, ProductModel

HELD = arrays(np.bool_, st.tuples(st.integers(1, 30), st.just(5)))


def groups(held: Holdings, customers: int = 100) -> Patterns:
    n = len(held)
    return Patterns(np.arange(n) % 3, held, np.full(n, customers))


@given(HELD, st.integers(0, 99))
def test_split_keeps_all_and_hides_one_product_each(held: Holdings, seed: int) -> None:
    found = groups(held)
    test = split(found, seed)
    holders = found.holders
    assert test.training.customers.sum() == holders.customers.sum()
    assert not test.tested.held[np.arange(len(test.hidden)), test.hidden].any()
    assert test.tested.held.any(axis=1).all()
    n_held = (holders.held * holders.customers[:, None]).sum()
    in_training = (test.training.held * test.training.customers[:, None]).sum()
    assert in_training == n_held - test.n_tested


def test_split_tests_fifth_and_hides_uniformly() -> None:
    held = np.array([[True, True, False, True]])
    test = split(groups(held, 30_000), seed=1)
    assert test.n_tested == pytest.approx(6_000, rel=0.05)
    assert test.hidden.tolist() == [0, 1, 3]
    assert test.tested.customers == pytest.approx([2_000] * 3, rel=0.1)


def test_split_tests_customers_with_two_products_only() -> None:
    held = np.array([[True, False], [True, True], [False, False]])
    found = Patterns(np.array([0, NOT_A_CUSTOMER, 0]), held, np.array([1000, 1000, 1000]))
    test = split(found, seed=1)
    assert test.n_tested == 0
    assert test.training.customers.tolist() == [1000, 1000]


def test_split_limits_tested_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leave_one_out, "MOST_TESTED", 500)
    assert split(groups(np.ones((4, 5), np.bool_), 10_000), 1).n_tested == pytest.approx(500, 0.2)


def test_same_seed_hides_same() -> None:
    found = groups(np.random.default_rng(0).random((20, 5)) < 0.5)
    first, second = split(found, 7), split(found, 7)
    assert (first.hidden == second.hidden).all()
    assert (first.tested.customers == second.tested.customers).all()


def test_measures_by_hand() -> None:
    # Eleven products; 0 is held. With ranking 1, 2, 3 ... the hidden ones have ranks 1, 3, 7 and 8.
    held = np.zeros((4, 11), dtype=np.bool_)
    held[:, 0] = True
    hidden = np.array([1, 3, 7, 8])
    tested = Patterns(np.zeros(4, dtype=np.int64), held, np.array([1, 1, 1, 2]))
    shares = np.linspace(0.8, 0.0, 11)  # of half of the holders or more: 0 to 3
    found = ranking_quality(
        Split(tested, tested, hidden), lambda _, h: np.broadcast_to(shares, h.shape), shares
    )
    assert found.map_at_7 == pytest.approx((1 + 1 / 3 + 1 / 7 + 0 + 0) / 5)
    assert found.hit_rate_at_3 == pytest.approx(2 / 5)
    assert found.map_at_7_uncommon == pytest.approx((1 / 7 + 0 + 0) / 3)


def test_segment_popularity_uses_segment() -> None:
    # Product 1 follows in segment 0, product 2 in segment 1; overall they are equally popular.
    tested = Patterns(np.array([0, 1]), np.eye(1, 3, dtype=np.bool_).repeat(2, 0), np.array([1, 1]))
    shares = {0: np.array([1, 0.9, 0.1]), 1: np.array([1, 0.1, 0.9])}
    model = ProductModel(["a", "b", "c"], np.array([1, 0.5, 0.5]), shares, None)
    found = compare_recommenders(Split(tested, tested, np.array([1, 2])), model)
    assert set(found) == {"popularity", "popularity_in_segment"}
    assert found["popularity"].map_at_7 == pytest.approx(0.75)
    assert found["popularity_in_segment"].map_at_7 == 1
