"""The numpy scorer: manually computed answers, input errors, and no other imports."""

import json
import math
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.contracts.feature_catalogue import FEATURES, LOG_OFFSET, SIGNED_LOG, Feature
from bankseg_assets.scoring.bundle import (
    ARRAYS,
    BUNDLE_FORMAT,
    Bundle,
    BundleError,
    InputError,
    apply_transform,
    asked_measures,
    bundle_hash,
    feature_list,
    load_bundle,
    project,
    score,
)
from bankseg_assets.scoring.documents import EvaluationDocument
from bankseg_assets.storage.documents import DOCUMENT_FILE

# Two features, one component that is their standardised sum, two segments at -1 and +1.
DOCUMENT: dict[str, Any] = {
    "format": BUNDLE_FORMAT,
    "version": "run-1",
    "snapshot_date": "2016-10-22",
    "currency": "INR",
    "features": [
        asdict(FEATURES["recency"]),
        asdict(replace(FEATURES["log_average_amount"], parameter=1.0)),
    ],
    "mean": [10.0, 0.0],
    "scale": [5.0, 1.0],
    "components": [[1.0], [1.0]],
    "residual": [[0.5, -0.5], [-0.5, 0.5]],
    "calibration": {},
    "evidence": {},
    "evidence_weights": {},
    "evaluation": {},
    "centroids": [[-1.0], [1.0]],
    "prior": [0.75, 0.25],
    "means": [[-1.0], [1.0]],
    "variances": [[1.0], [2.0]],
    "segments": [{"segment": 0, "name": "Low"}, {"segment": 1, "name": "High"}],
    "inputs": [],
    "metrics": {"f1_weighted": 0.9},
    "confusion": [[3, 0], [1, 1]],
}


DAYS = {
    "measure": "recency",
    "label": "Days since the last transaction",
    "minimum": 0,
    "maximum": 100,
}


def write(folder: Path, document: Mapping[str, Any]) -> Path:
    file = folder / DOCUMENT_FILE
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def signed(**changes: Any) -> dict[str, Any]:
    document = DOCUMENT | changes
    return document | {"sha256": bundle_hash(document)}


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return load_bundle(write(tmp_path, signed()))


def test_projection_and_posterior_are_as_computed_by_hand(bundle: Bundle) -> None:
    measures = {"recency": 15, "monetary": math.e - 1, "frequency": 1}
    # (15 - 10) / 5 + (ln(1 + e - 1) - 0) / 1 = 2
    assert project(bundle, measures) == pytest.approx(np.array([[2.0]]), abs=1e-12)
    low = 0.75 * math.exp(-((2 + 1) ** 2) / 2) / math.sqrt(2 * math.pi)
    high = 0.25 * math.exp(-((2 - 1) ** 2) / 4) / math.sqrt(4 * math.pi)
    prediction = score(bundle, measures)
    assert prediction.probabilities == pytest.approx(
        np.array([[low / (low + high), high / (low + high)]]), rel=1e-12
    )
    assert prediction.segment.tolist() == [1]


def test_many_customers_are_scored_as_one_by_one(bundle: Bundle) -> None:
    recency, amount = [0, 10, 80], [0.0, 100.0, 1e9]
    together = score(bundle, {"recency": recency, "average_amount": amount}).probabilities
    single = [
        score(bundle, {"recency": days, "average_amount": money}).probabilities[0]
        for days, money in zip(recency, amount, strict=True)
    ]
    assert together.shape == (3, 2)
    assert together == pytest.approx(np.array(single), abs=1e-15)


MEASURE = st.floats(0, 1e15)


@given(MEASURE, MEASURE, st.integers(0, 1_000_000))
def test_probabilities_are_finite_and_sum_to_one_far_outside(
    recency: float, monetary: float, frequency: int
) -> None:
    bundle = Bundle(
        sha256="",
        features=tuple(Feature(**feature) for feature in DOCUMENT["features"]),
        segments=(),
        inputs=(),
        calibration={},
        evidence={},
        evidence_weights={},
        metrics={},
        evaluation=EvaluationDocument(),
        confusion=np.zeros((2, 2), dtype=np.int64),
        **{key: DOCUMENT[key] for key in ("version", "snapshot_date", "currency")},
        **{key: np.array(DOCUMENT[key]) for key in ARRAYS},
    )
    found = score(bundle, {"recency": recency, "monetary": monetary, "frequency": frequency})
    assert np.isfinite(found.probabilities).all()
    assert found.probabilities.sum() == pytest.approx(1.0)


def test_unknown_measure_is_imputed_by_mean(bundle: Bundle) -> None:
    unknown = project(bundle, {"recency": math.nan, "average_amount": [0.0]})
    mean = project(bundle, {"recency": 10.0, "average_amount": [0.0]})
    assert unknown == pytest.approx(mean, abs=1e-12)


def test_average_amount_is_derived(bundle: Bundle) -> None:
    assert bundle.measures == ["recency", "monetary", "frequency"]
    parts = project(bundle, {"recency": 1, "monetary": 300, "frequency": 3})
    assert parts == pytest.approx(project(bundle, {"recency": 1, "average_amount": 100}))
    never = project(bundle, {"recency": 1, "monetary": 0, "frequency": 0})
    assert never == pytest.approx(project(bundle, {"recency": 1, "average_amount": 0}))


@pytest.mark.parametrize(
    ("measures", "message"),
    [
        ({"average_amount": 1}, "recency is missing; expected a number of 0 or more"),
        ({"recency": 1, "monetary": 1}, "frequency is missing"),
        ({"recency": "soon", "average_amount": 1}, "recency is not a number: 'soon'"),
        ({"recency": [[1], [1, 2]], "average_amount": 1}, "recency is not a number"),
        ({"recency": -1, "average_amount": 1}, r"recency must be .* 0 or more; found -1\.0"),
        ({"recency": 1, "average_amount": math.inf}, "average_amount must be .*; found inf"),
        ({"recency": [3, math.nan, -2], "average_amount": [1, 1, 1]}, r"found -2\.0"),
    ],
)
def test_input_that_cannot_be_scored_is_named(
    bundle: Bundle, measures: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        score(bundle, measures)


@pytest.mark.parametrize(
    ("measures", "message"),
    [
        ({"average_amount": 1}, "Days since the last transaction is missing; expected"),
        ({"recency": -1, "average_amount": 1}, "Days since the last transaction must be"),
        ({"recency": "soon", "average_amount": 1}, "Days since the last transaction is not a"),
    ],
)
def test_label_is_that_of_form(tmp_path: Path, measures: dict[str, Any], message: str) -> None:
    inputs = [DAYS]
    bundle = load_bundle(write(tmp_path, signed(inputs=inputs)))
    with pytest.raises(InputError, match=message):
        score(bundle, measures)


def test_negative_money_is_scored_where_model_has_seen_it(tmp_path: Path) -> None:
    """An overdraft is a valid balance for a model that was fitted with overdrafts."""
    inputs = [DAYS | {"measure": "monetary", "minimum": -1000.0}]
    bundle = load_bundle(write(tmp_path, signed(inputs=inputs)))
    assert bundle.may_be_negative("average_amount")
    assert not bundle.may_be_negative("recency")
    assert score(bundle, {"recency": 1, "average_amount": -5.0}).probabilities.shape == (1, 2)


@pytest.mark.parametrize(
    ("feature", "value", "expected"),
    [
        (FEATURES["recency"], 7.0, 7.0),
        (FEATURES["repeat"], 1.0, 1.0),
        (FEATURES["repeat"], 9.0, 2.0),
        (FEATURES["capped_frequency"], 9.0, 3.0),
        (Feature("x", "x", LOG_OFFSET, parameter=5.0), 5 * math.e - 5.0, 1.0 + math.log(5)),
        (Feature("x", "x", LOG_OFFSET, parameter=5.0), -3.0, math.log(5)),
        (Feature("x", "x", SIGNED_LOG, parameter=5.0), 5 * math.e - 5.0, 1.0),
        (Feature("x", "x", SIGNED_LOG, parameter=5.0), 5 - 5 * math.e, -1.0),
    ],
)
def test_transform_is_as_documented(feature: Feature, value: float, expected: float) -> None:
    found = apply_transform(feature, np.array([[value]]))
    assert found == pytest.approx(np.array([[expected]]))


def test_unknown_transform_is_refused() -> None:
    with pytest.raises(BundleError, match="Unknown transform 'sqrt' of the feature 'x'"):
        apply_transform(Feature("x", "x", "sqrt"), np.zeros(1))


def test_features_are_found_by_name_and_unknown_ones_listed() -> None:
    assert [feature.name for feature in feature_list(["repeat", "recency"])] == [
        "repeat",
        "recency",
    ]
    with pytest.raises(InputError, match=r"Unknown features \['age'\]; choose from recency, "):
        feature_list(["recency", "age"])


def test_measure_that_two_features_need_is_asked_once() -> None:
    features = feature_list(["log_average_amount", "repeat", "recency", "log_monetary"])
    assert asked_measures(features) == ["monetary", "frequency", "recency"]


def test_load_bundle_reads_file_or_folder(tmp_path: Path) -> None:
    file = write(tmp_path, signed())
    assert load_bundle(file).sha256 == load_bundle(tmp_path).sha256 == signed()["sha256"]
    found = load_bundle(file)
    assert (found.version, found.snapshot_date, found.currency) == ("run-1", "2016-10-22", "INR")
    assert found.components.shape == (2, 1)
    assert found.confusion.tolist() == DOCUMENT["confusion"]
    assert found.features[1].parameter == 1.0


@pytest.mark.parametrize("key", sorted(DOCUMENT.keys() - {"version"}))
def test_bundle_hash_ignores_version_only(key: str) -> None:
    assert bundle_hash(DOCUMENT | {key: "other"}) != bundle_hash(DOCUMENT)
    assert bundle_hash(DOCUMENT | {"version": "run-2"}) == bundle_hash(DOCUMENT)


def test_order_of_keys_does_not_change_hash() -> None:
    assert bundle_hash(dict(reversed(DOCUMENT.items()))) == bundle_hash(DOCUMENT)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"model\.json cannot be read: .*No such file.* Materialize again"),
        ("{", "cannot be read: .* Materialize again"),
        ("\x00", "cannot be read"),
        ("[1]", "has format 'list'; this program reads 3"),
        ("{}", "has format None; this program reads 3"),
        (json.dumps(signed(format=4)), "has format 4; this program reads 3"),
        (json.dumps(DOCUMENT), "was changed after it was published"),
        (json.dumps(signed() | {"prior": [0.5, 0.5]}), "was changed after it was published"),
        (json.dumps(signed() | {"prior": [math.nan, 0.5]}), "was changed after it was published"),
        (json.dumps(signed()).replace("0.75", "1e999"), "was changed after it was published"),
        (
            json.dumps(signed(features=[{"nom": "x"}])),
            r"model\.json: features\[0\]\.name is missing. Materialize again",
        ),
        (json.dumps(signed(components=[[1.0], [1.0, 2.0]])), "inhomogeneous"),
        (json.dumps(signed(calibration={"": {"matrix": [[1.0]]}})), "a matrix and a shift"),
        (json.dumps(signed(prior="much")), "prior is 'much': input should be a valid list"),
    ],
    ids=[
        *("missing", "cut off", "not JSON", "a list", "nothing in it", "newer format"),
        *(
            "no hash",
            "changed",
            "not a number",
            "infinite",
            "unknown field",
            "ragged",
            "half a map",
            "wrong type",
        ),
    ],
)
def test_invalid_bundle_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / DOCUMENT_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(BundleError, match=message):
        load_bundle(tmp_path / DOCUMENT_FILE)


def test_bundle_without_parameter_is_refused(tmp_path: Path) -> None:
    document = {key: value for key, value in DOCUMENT.items() if key != "means"}
    file = write(tmp_path, document | {"sha256": bundle_hash(document)})
    with pytest.raises(BundleError, match=r"means is missing\. Materialize again"):
        load_bundle(file)


@pytest.mark.subprocess
def test_scoring_loads_neither_spark_nor_dagster() -> None:
    program = (
        "import sys, bankseg_assets.scoring.bundle\n"
        "heavy = {'pyspark', 'dagster', 'py4j', 'pandas', 'sklearn', 'pyarrow'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.decode().strip() == "[]"
