"""A consistent model of four features, two components and three segments."""

from dataclasses import replace
from typing import Any

import numpy as np

from bankseg_assets.scoring.bundle import ARRAYS, Bundle, feature_list
from bankseg_assets.scoring.documents import EvaluationDocument, NumberInput, Segment

FEATURES = feature_list(
    ["recency", "capped_frequency", "log_average_amount", "log_average_balance"]
)
MEASURES = ["recency", "frequency", "monetary", "average_balance"]
CUSTOMER = {"recency": 12.0, "frequency": 2.0, "monetary": 900.0, "average_balance": 5000.0}
NAMES = ("Small", "Frequent", "Big")
ALL_CUSTOMERS = "All customers"
MEDIANS = {"recency": 20.0, "frequency": 1.0, "monetary": 600.0, "average_balance": 8000.0}
INPUTS = tuple(
    NumberInput(
        measure=measure,
        label=label,
        unit=unit,
        minimum=minimum,
        maximum=maximum,
        default=MEDIANS[measure],
    )
    for measure, label, unit, minimum, maximum in (
        ("recency", "Days", "days", 0, 100),
        ("frequency", "Number", "times", 1, 50),
        ("monetary", "Sum", "INR", 0, 1e6),
        ("average_balance", "Balance", "INR", 0, 1e8),
    )
)


def small_model(*, whitened: bool = False, **changes: Any) -> Bundle:
    """Return the model; `changes` replace its fields."""
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
    bundle = Bundle(
        version="",
        sha256="",
        snapshot_date="",
        currency="INR",
        features=tuple(replace(f, parameter=f.parameter or 10.0) for f in FEATURES),
        segments=tuple(Segment(segment=n, name=name) for n, name in enumerate(NAMES)),
        inputs=INPUTS,
        calibration={},
        evidence={},
        evidence_weights={},
        metrics={},
        evaluation=EvaluationDocument(),
        confusion=np.zeros((3, 3), dtype=np.int64),
        **{name: np.array(arrays[name], dtype=np.float64) for name in ARRAYS},
    )
    return replace(bundle, **changes)


def one_segment(**changes: Any) -> Bundle:
    """Return a model with one feature and one segment, for customers who are all alike."""
    one = {
        "features": feature_list(["recency"]),
        "inputs": (small_model().inputs[0],),
        "segments": (Segment(segment=0, name=ALL_CUSTOMERS),),
        "mean": np.array([20.0]),
        "scale": np.array([1.0]),
        "components": np.array([[1.0]]),
        "residual": np.zeros((1, 1)),
        "centroids": np.zeros((1, 1)),
        "prior": np.array([1.0]),
        "means": np.zeros((1, 1)),
        "variances": np.ones((1, 1)),
        "confusion": np.array([[50]]),
        "warnings": ("All customers were active on the same day, so there is one segment.",),
    }
    return small_model(**(one | changes))
