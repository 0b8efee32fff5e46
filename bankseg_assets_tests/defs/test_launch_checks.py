"""A launch with settings that contradict or are out of bounds is refused, with the reason."""

from typing import Any

import dagster as dg
import pytest

from bankseg_assets.definitions import defs
from bankseg_assets.release.gates import Limits

WRONG = [
    ("kmeans_model", {"k": -3}, "k is -3: input should be greater than or equal to 0"),
    ("kmeans_model", {"k": 5_000}, "k is 5000: input should be less than or equal to 50"),
    ("kmeans_model", {"ks": [4, 1]}, r"ks is \[4, 1\]: expected each from 2 to 50, found \[1\]"),
    ("kmeans_model", {"ks": []}, "ks is"),
    ("pca_model", {"features": ["frequenzy"]}, r"unknown features \['frequenzy'\]; choose from"),
    ("pca_model", {"n_components": 0}, "n_components is 0"),
    ("nb_classifier", {"demographics": ["religion"]}, "choose from age, gender, location"),
    ("rfm_table", {"customer_key": "secret(customer_id)"}, "has `secret`, which is not allowed"),
    ("recommend_products", {"products_each": 0}, "products_each is 0"),
    ("release", {"f1_loss": -0.1}, "f1_loss is -0.1"),
    (
        "release",
        {"customers_lost_warned": 0.5, "customers_lost_refused": 0.2},
        r"customers_lost_refused is 0\.2: expected at least customers_lost_warned, which is 0\.5",
    ),
]


def validate(step: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Validate a launch of `refit` as Dagster does; return the settings of the step."""
    config = {"ops": {step: {"config": settings}}}
    found: dict[str, Any] = dg.validate_run_config(defs.resolve_job_def("refit"), config)["ops"]
    return found


@pytest.mark.parametrize(("step", "settings", "reason"), WRONG, ids=lambda value: str(value)[:24])
def test_wrong_settings_are_refused_at_launch(
    step: str, settings: dict[str, Any], reason: str
) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError, match=f"(?i){reason}"):
        validate(step, settings)


def test_settings_within_bounds_are_launched() -> None:
    found = validate("kmeans_model", {"k": 7, "ks": [2, 3], "algorithm": "GAUSSIAN_MIXTURE"})
    assert found["kmeans_model"]["config"]["k"] == 7
    assert found["release"]["config"]["drift_refused"] == Limits.drift_refused
