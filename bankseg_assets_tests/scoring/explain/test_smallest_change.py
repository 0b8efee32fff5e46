"""Smallest changes that move a customer, verified by scoring the changed customer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.explain import smallest_change
from bankseg_assets.scoring.posterior import posterior
from bankseg_assets_tests.small_model import CUSTOMER, MEASURES, NAMES, small_model

ORDINARY = st.fixed_dictionaries(
    {
        "recency": st.integers(0, 100),
        "average_balance": st.floats(0, 1e6).map(lambda value: round(value, 2)),
    },
    optional={
        "frequency": st.integers(1, 8),
        "monetary": st.floats(0, 1e5).map(lambda value: round(value, 2)),
    },
)


def segment(bundle: Bundle, known: dict[str, float]) -> int:
    return int(posterior(bundle, known).segment[0])


@settings(deadline=None, max_examples=50)
@given(ORDINARY)
def test_change_leads_to_reported_segment(known: dict[str, float]) -> None:
    bundle = small_model()
    now = segment(bundle, known)
    for change in smallest_change(bundle, known):
        assert change.before == known[change.name]
        assert change.segment != now
        assert segment(bundle, known | {change.name: change.after}) == change.segment
        assert change.after == round(change.after, 2)
        if change.name in ("recency", "frequency"):
            assert change.after == int(change.after)


@pytest.mark.slow
@settings(deadline=None, max_examples=50)
@given(ORDINARY)
def test_change_is_nearest_on_its_side(known: dict[str, float]) -> None:
    bundle = small_model()
    now = segment(bundle, known)
    for change in smallest_change(bundle, known):
        # Money is rounded to three digits, so the border may be 1 % nearer than reported.
        slack = 0.0 if change.name in ("recency", "frequency") else 0.011
        gap = change.after - change.before
        nearer = change.before + np.linspace(0.0, 1.0, 50)[:-1] * gap
        if slack:
            nearer = nearer[np.abs(nearer - change.after) > slack * change.after + 0.011]
        else:
            nearer = np.unique(np.trunc(nearer))
            nearer = nearer[nearer != change.after]
        for value in nearer:
            assert segment(bundle, known | {change.name: float(value)}) == now


def test_changes_are_sorted_by_standardised_distance() -> None:
    bundle = small_model()
    changes = smallest_change(bundle, CUSTOMER)
    assert len(changes) >= 2
    assert [c.distance for c in changes] == sorted(c.distance for c in changes)
    assert len({c.name for c in changes}) == len(changes)
    recency = {c.name: c for c in smallest_change(bundle, {"recency": 0.0, "frequency": 1.0})}
    for change in recency.values():
        if change.name == "recency":
            assert change.distance == pytest.approx(change.after / bundle.scale[0])


@pytest.mark.parametrize("to", [0, 1, 2])
def test_change_reaches_target_segment_or_is_omitted(to: int) -> None:
    bundle = small_model()
    changes = smallest_change(bundle, CUSTOMER, to)
    if to == segment(bundle, CUSTOMER):
        assert changes == []
    for change in changes:
        assert change.segment == to
        assert segment(bundle, CUSTOMER | {change.name: change.after}) == to
        assert change.sentence.endswith(f"makes it {NAMES[to]}.")


def test_every_segment_can_be_reached_by_some_customer() -> None:
    assert {
        c.segment for to in (0, 1, 2) for c in smallest_change(small_model(), CUSTOMER, to)
    } == {0, 1, 2} - {segment(small_model(), CUSTOMER)}


def test_change_matches_analytic_border() -> None:
    """One feature, two segments of one variance: the border is at the middle of the means."""
    bundle = small_model()
    one = small_model(
        features=(bundle.features[3],),
        mean=np.array([9.0]),
        scale=np.array([2.0]),
        components=np.array([[1.0]]),
        residual=np.zeros((1, 1)),
        prior=np.array([0.5, 0.5]),
        means=np.array([[-1.0], [1.0]]),
        variances=np.array([[0.3], [0.3]]),
        centroids=np.array([[-1.0], [1.0]]),
    )
    border = np.exp(9.0) - 10.0  # standardised 0: 8,093.08
    (up,) = smallest_change(one, {"average_balance": 500.0})
    assert (up.after, up.segment) == (8100.0, 1)
    (down,) = smallest_change(one, {"average_balance": 90_000.0})
    assert (down.after, down.segment) == (8090.0, 0)
    assert up.after > border > down.after
    assert up.sentence == "Balance: INR 8,100 instead of INR 500 makes it Frequent."


def test_unknown_measures_are_not_changed() -> None:
    changes = smallest_change(small_model(), {"recency": 12.0, "monetary": float("nan")})
    assert {change.name for change in changes} <= {"recency"}
    assert smallest_change(small_model(), {}) == []


def test_change_is_within_form_limits() -> None:
    limits = {one.measure: (one.minimum, one.maximum) for one in small_model().inputs}
    for change in smallest_change(small_model(), CUSTOMER):
        low, high = limits[change.name]
        assert low <= change.after <= high
    assert set(limits) == set(MEASURES)


def test_change_stays_in_the_range_of_the_data() -> None:
    """A model's form accepts ten times the longest absence; no customer was away that long."""
    far = {"recency": 5.0, "frequency": 1.0}
    assert max(c.after for c in smallest_change(small_model(), far) if c.name == "recency") > 10
    seen = small_model(observed={"recency": (1.0, 10.0), "frequency": (1.0, 5.0)})
    assert "recency" not in {change.name for change in smallest_change(seen, far)}


def test_change_needs_an_average_that_occurs() -> None:
    names = {change.name for change in smallest_change(small_model(), CUSTOMER)}
    assert {"frequency", "monetary"} <= names
    seen = small_model(observed={"average_amount": (449.0, 451.0)})
    assert not {"frequency", "monetary"} & {c.name for c in smallest_change(seen, CUSTOMER)}
