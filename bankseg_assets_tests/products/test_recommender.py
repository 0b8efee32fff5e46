"""Customers are folded into ALS factors, and each product is predicted without itself."""

import json

import numpy as np
import pytest

from bankseg_assets.products.recommender import (
    Factors,
    Holdings,
    ProductModel,
    ranking,
)
from bankseg_assets.stats.arrays import Array

RANDOM = np.random.default_rng(3)
PRODUCTS, RANK, ALPHA, REGULARIZATION = 6, 3, 2.5, 0.2


def model() -> Factors:
    return Factors(
        factors=RANDOM.normal(size=(PRODUCTS, RANK)),
        alpha=ALPHA,
        regularization=REGULARIZATION,
        intercepts=RANDOM.normal(size=PRODUCTS),
        slopes=RANDOM.uniform(1, 4, PRODUCTS),
    )


def holdings(n: int = 50) -> Holdings:
    held = RANDOM.random((n, PRODUCTS)) < 0.4
    held[:, 0] |= ~held.any(axis=1)
    return held


def solved(factors: Array, held: Array, seen: Array) -> Array:
    """Return a customer's factors by the normal equations over the given products."""
    weight = seen * (1 + ALPHA * held)
    ridge = REGULARIZATION * held.sum() * np.eye(RANK)
    normal = (factors * weight[:, None]).T @ factors + ridge
    return np.asarray(np.linalg.solve(normal, factors.T @ (weight * held)))


def test_preference_equals_least_squares() -> None:
    found, held = model(), holdings()
    expected = [
        found.factors @ solved(found.factors, row, np.ones(PRODUCTS)) for row in held.astype(float)
    ]
    np.testing.assert_allclose(found.preferences(held), expected, atol=1e-12)


def test_unseen_preference_equals_refit_without_product() -> None:
    found, held = model(), holdings()
    expected = np.empty(held.shape)
    for n, row in enumerate(held.astype(float)):
        for product in range(PRODUCTS):
            seen = np.ones(PRODUCTS)
            seen[product] = 0
            expected[n, product] = found.factors[product] @ solved(found.factors, row, seen)
    np.testing.assert_allclose(found.preferences_unseen(held), expected, atol=1e-10)


def test_fold_in_is_independent_of_batch_size() -> None:
    found, held = model(), holdings(20_000)
    np.testing.assert_array_equal(found.preferences(held)[-5:], found.preferences(held[-5:]))


def test_curve_makes_probability_of_preference() -> None:
    found, held = model(), holdings()
    logits = found.intercepts + found.slopes * found.preferences_unseen(held)
    np.testing.assert_allclose(found.probabilities(held), 1 / (1 + np.exp(-logits)))


SHARES = np.array([0.9, 0.5, 0.1])


def products(factors: Factors | None) -> ProductModel:
    return ProductModel(["a", "b", "c"], SHARES, {4: np.array([0.2, 0.30004, 0.8])}, factors)


def test_no_holdings_give_segment_or_overall_shares() -> None:
    scores, personal = products(None).scores(np.array([4, 7]), np.zeros((2, 3), dtype=np.bool_))
    assert scores.tolist() == [[0.2, 0.3, 0.8], SHARES.tolist()]
    assert personal.tolist() == [False, False]


def test_holders_are_scored_by_factors() -> None:
    factors = Factors(np.eye(3)[:, :2], 1.0, 0.1, np.zeros(3), np.ones(3))
    held = np.array([[True, False, False], [False, False, False]])
    segment = np.array([4, 4])
    scores, personal = products(factors).scores(segment, held)
    assert personal.tolist() == [True, False]
    assert scores[0].tolist() == np.round(factors.probabilities(held)[0], 4).tolist()
    assert scores[1].tolist() == [0.2, 0.3, 0.8]
    assert products(None).scores(segment, held)[1].tolist() == [False, False]


def test_scores_of_no_customers_are_empty() -> None:
    scores, _ = products(None).scores(np.zeros(0, dtype=np.int64), np.zeros((0, 3), dtype=np.bool_))
    assert scores.shape == (0, 3)


def test_ranking_puts_best_first_and_held_last() -> None:
    scores = np.array([[0.5, 0.9, 0.5, 0.7], [0.1, 0.1, 0.1, 0.1]])
    held = np.array([[False, True, False, False], [True, False, False, True]])
    assert ranking(scores, held).tolist() == [[3, 0, 2, 1], [1, 2, 0, 3]]


@pytest.mark.parametrize("factors", [None, Factors(np.eye(3), 1.0, 0.1, np.zeros(3), np.ones(3))])
def test_model_is_written_as_plain_values(factors: Factors | None) -> None:
    found = json.loads(json.dumps(products(factors).to_json()))
    assert found["products"] == ["a", "b", "c"]
    assert found["segment_shares"] == {"4": [0.2, 0.30004, 0.8]}
    assert (found["factors"] is None) == (factors is None)
    if factors is not None:
        assert found["factors"]["factors"] == np.eye(3).tolist()
