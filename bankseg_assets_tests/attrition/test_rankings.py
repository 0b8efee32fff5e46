"""The test of rankings on customers who left."""

from dataclasses import replace

import numpy as np
import pytest

from bankseg_assets.attrition.rankings import (
    MODEL,
    RECENCY,
    compare_rankings,
    precision_at,
    ranking_at_cut,
)
from bankseg_assets_tests.attrition.test_rhythm import customers
from bankseg_assets_tests.value.simulated import simulate

FOLLOWED = simulate(20_000, days=150).followed


def test_precision_counts_ties_in_part() -> None:
    left = np.array([1.0, 0.0, 1.0, 0.0])
    assert precision_at(np.array([4.0, 3.0, 2.0, 1.0]), left, 0.5) == 0.5
    assert precision_at(np.array([4.0, 1.0, 1.0, 1.0]), left, 0.5) == pytest.approx(2 / 3)
    assert precision_at(np.ones(4), left, 0.01) == pytest.approx(0.5)


def test_own_rhythm_finds_more_than_recency() -> None:
    """Customers have rates of their own, so that the same silence differs in meaning."""
    found = ranking_at_cut(FOLLOWED, 300, 150, with_model=True)
    assert found.by == MODEL
    assert found.precision[MODEL][1] > found.precision[RECENCY][1]
    assert found.precision[MODEL][1] > 2 * found.left
    assert "ranked by the model" in found.note
    rules = ranking_at_cut(FOLLOWED, 300, 150, with_model=False)
    assert MODEL not in rules.precision


def test_recency_is_used_if_nothing_is_better() -> None:
    count = 1_000
    some = customers(recency=list(np.linspace(1, 29, count)), active_days=[20.0] * count)
    came = (some.recency < 25).astype(float)
    found = compare_rankings(some, came, recent=30, after=90, p_alive=some.recency / 100)
    assert found.precision["model"][1] < found.precision["recency"][1]
    assert found.by != MODEL


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"active_days": np.ones(20_000)}, "only 0.0% of the customers have a rhythm"),
        ({"days_after": np.ones(20_000)}, "hardly any customer"),
        ({"days_after": np.zeros(20_000)}, "nearly all customers stayed away"),
    ],
)
def test_untestable_data_say_so(changes: dict[str, np.ndarray], why: str) -> None:
    found = ranking_at_cut(replace(FOLLOWED, **changes), 300, 150, with_model=False)
    assert found.by == RECENCY
    assert not found.precision
    assert why in found.note
    assert found.note.endswith("The list is by recency and value.")


def test_short_span_says_so() -> None:
    assert "the data span 20 days" in ranking_at_cut(None, 13, 7, with_model=False).note
