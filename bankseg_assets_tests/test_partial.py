"""Half-filled forms: any subset of the measures gives the exact posterior."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from bankseg_assets.partial import known_features, posterior, subset_key
from bankseg_assets.scoring import ARRAYS, Bundle, InputError, feature_list, score

FEATURES = feature_list(
    ["recency", "capped_frequency", "log_average_amount", "log_average_balance"]
)
MEASURES = ["recency", "frequency", "monetary", "average_balance"]


def model(whitened: bool = False) -> Bundle:
    """Return a model of four features in two components, whose parts fit together."""
    random = np.random.default_rng(5)
    rotation = np.linalg.qr(random.normal(size=(4, 4)))[0]
    eigenvalues = np.array([2.0, 1.2, 0.6, 0.2])
    components = rotation[:, :2] / (np.sqrt(eigenvalues[:2]) if whitened else 1.0)
    arrays: dict[str, Any] = {
        "mean": [20.0, 1.4, 6.0, 9.0],
        "scale": [15.0, 0.6, 1.5, 2.0],
        "components": components,
        "residual": rotation[:, 2:] * eigenvalues[2:] @ rotation[:, 2:].T,
        "centroids": np.zeros((3, 2)),
        "prior": [0.5, 0.3, 0.2],
        "means": [[-1.0, 0.2], [1.5, -0.5], [0.3, 1.4]],
        "variances": [[0.3, 0.5], [0.7, 0.2], [0.4, 0.4]],
    }
    return Bundle(
        version="",
        sha256="",
        snapshot_date="",
        currency="INR",
        features=tuple(replace(f, parameter=f.parameter or 10.0) for f in FEATURES),
        segments=(),
        inputs=(),
        temperatures={},
        metrics={},
        confusion=np.zeros((3, 3), dtype=np.int64),
        **{name: np.array(arrays[name], dtype=np.float64) for name in ARRAYS},
    )


CUSTOMER = {"recency": 12.0, "frequency": 2.0, "monetary": 900.0, "average_balance": 5000.0}


def features_of(bundle: Bundle) -> np.ndarray:
    plain = [
        CUSTOMER["recency"],
        min(CUSTOMER["frequency"], 3.0),
        np.log(450.0 + 10.0),
        np.log(CUSTOMER["average_balance"] + 10.0),
    ]
    return (np.array(plain) - bundle.mean) / bundle.scale


@pytest.mark.parametrize("whitened", [False, True])
@pytest.mark.parametrize(
    ("known", "places"),
    [
        (["recency"], [0]),
        (["average_balance", "frequency"], [1, 3]),
        (["frequency", "monetary"], [1, 2]),
        (["monetary", "recency"], [0]),  # an average needs the number of transactions as well
    ],
)
def test_the_posterior_is_that_of_the_marginal_gaussians(
    whitened: bool, known: list[str], places: list[int]
) -> None:
    bundle = model(whitened)
    back = np.linalg.pinv(bundle.components)
    densities = [
        multivariate_normal(
            (mean @ back)[places],
            (back.T @ np.diag(variance) @ back + bundle.residual)[np.ix_(places, places)],
        ).pdf(features_of(bundle)[places])
        for mean, variance in zip(bundle.means, bundle.variances, strict=True)
    ]
    expected = bundle.prior * densities / (bundle.prior * densities).sum()
    found = posterior(bundle, {name: CUSTOMER[name] for name in known}).probabilities
    np.testing.assert_allclose(found, [expected], rtol=1e-6)
    assert known_features(bundle, known) == places


@pytest.mark.parametrize("whitened", [False, True])
def test_all_known_is_naive_bayes_and_the_marginal_of_all_agrees_with_it(whitened: bool) -> None:
    bundle = model(whitened)
    expected = score(bundle, CUSTOMER).probabilities
    np.testing.assert_allclose(posterior(bundle, CUSTOMER).probabilities, expected, rtol=1e-12)
    # The residual is the same for all segments, so the whole feature space says the same.
    back = np.linalg.pinv(bundle.components)
    densities = [
        multivariate_normal(m @ back, back.T @ np.diag(v) @ back + bundle.residual).pdf(
            features_of(bundle)
        )
        for m, v in zip(bundle.means, bundle.variances, strict=True)
    ]
    np.testing.assert_allclose(
        [bundle.prior * densities / (bundle.prior * densities).sum()], expected, rtol=1e-9
    )


def test_nothing_known_is_the_prior() -> None:
    np.testing.assert_allclose(posterior(model(), {}).probabilities, [[0.5, 0.3, 0.2]])


def test_each_customer_is_answered_by_what_is_known_of_them() -> None:
    bundle, unknown = model(), np.nan
    table = {"recency": [12.0, 12.0, unknown], "average_balance": [5000.0, unknown, unknown]}
    found = posterior(bundle, table).probabilities
    alone = [{"recency": 12.0, "average_balance": 5000.0}, {"recency": 12.0}, {}]
    expected = [posterior(bundle, one).probabilities[0] for one in alone]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_temperature_moves_the_probabilities_and_no_label() -> None:
    key = subset_key(["recency", "frequency"])
    bundle = replace(model(), temperatures={key: 0.5})
    known = {name: CUSTOMER[name] for name in ("recency", "frequency")}
    cold, plain = (posterior(one, known) for one in (bundle, model()))
    assert cold.segment == plain.segment
    assert cold.probabilities.max() < plain.probabilities.max()
    ratio = np.log(plain.probabilities[0, 0] / plain.probabilities[0, 1])
    assert np.log(cold.probabilities[0, 0] / cold.probabilities[0, 1]) == pytest.approx(ratio / 2)


MEASURE = st.one_of(st.floats(0, 1e15), st.just(float("nan")))


@given(st.fixed_dictionaries(dict.fromkeys(MEASURES, MEASURE)))
def test_probabilities_are_finite_and_sum_to_one_whatever_is_known(known: dict[str, float]) -> None:
    found = posterior(model(), known).probabilities
    assert np.isfinite(found).all()
    assert found.sum() == pytest.approx(1)


@pytest.mark.parametrize("value", [-1.0, float("inf"), "many"])
def test_what_is_no_measure_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="recency"):
        posterior(model(), {"recency": value})  # type: ignore[dict-item]
