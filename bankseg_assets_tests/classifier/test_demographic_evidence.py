"""Evidence tables of age, gender and location: smoothed, rounded, without disclosure."""

import numpy as np
import pytest
from pyspark.sql import SparkSession

from bankseg_assets.classifier.demographic_evidence import (
    MOST_VALUES,
    differs_significantly,
    evidence_table,
    fit_evidence,
)
from bankseg_assets.scoring.bundle import InputError
from bankseg_assets.scoring.documents import EvidenceDocument
from bankseg_assets.scoring.evidence import AGE_BANDS, OTHER, Evidence, category


def counts(**by_value: list[int]) -> dict[str, np.ndarray]:
    return {value: np.array(numbers) for value, numbers in by_value.items()}


def table_of(**by_value: list[int]) -> EvidenceDocument:
    found = evidence_table("Label", counts(**by_value), 2)
    assert found is not None
    return found


def test_probabilities_are_laplace_smoothed_shares_of_segment() -> None:
    found = table_of(M=[70, 40], F=[30, 60])
    assert found.values == ["F", "M"]
    expected = np.log([[31 / 102, 61 / 102], [71 / 102, 41 / 102]])
    np.testing.assert_allclose(found.log_probability, expected, atol=5e-4)
    assert found.log_probability == [[-1.191, -0.514], [-0.362, -0.911]]


def test_value_of_ten_customers_is_not_listed() -> None:
    found = table_of(PUNE=[500, 400], AGRA=[10, 90], SURAT=[60, 9])
    assert found.values == ["PUNE", OTHER]
    np.testing.assert_allclose(np.exp(found.log_probability).sum(axis=0), 1, atol=2e-3)
    np.testing.assert_allclose(found.log_probability[1], np.log([71 / 572, 100 / 501]), atol=5e-4)


def test_small_remainder_is_not_listed() -> None:
    found = table_of(M=[70, 40], F=[30, 60], T=[1, 0])
    assert found.values == ["F", "M"]
    evidence = Evidence.from_document("gender", found)
    assert evidence.log_likelihood(evidence.codes(["T"])).tolist() == [[0.0, 0.0]]


def test_small_segment_gives_no_table() -> None:
    assert evidence_table("Gender", counts(M=[70, 4], F=[30, 3]), 2) is None
    assert evidence_table("Gender", {}, 2) is None


def test_insignificant_differences_are_no_evidence() -> None:
    random = np.random.default_rng(0)
    taken = sum(
        differs_significantly(random.multinomial(900, [0.3, 0.3, 0.4], size=4).T)
        for _ in range(300)
    )
    assert taken <= 3
    assert evidence_table("Gender", counts(M=[500, 1000], F=[250, 500]), 2) is None
    assert differs_significantly(np.array([[60, 40], [40, 60]])) is False
    assert differs_significantly(np.array([[120, 80], [80, 120]])) is True


def test_only_largest_locations_are_listed() -> None:
    found = table_of(**{f"PLACE {n:02}": [100 + n, 500 - n] for n in range(50)})
    assert len(found.values) == MOST_VALUES + 1
    assert found.values == [*sorted(f"PLACE {n:02}" for n in range(30)), OTHER]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("age", 17, "under 18"),
        ("age", "18", "18-20"),
        ("age", 29.9, "25-29"),
        ("age", 60, "60 and over"),
        ("age", None, None),
        ("age", float("nan"), None),
        ("gender", " f", "F"),
        ("location", "new  delhi", "NEW DELHI"),
        ("location", "  ", None),
    ],
)
def test_category_matches_tables(name: str, value: object, expected: str | None) -> None:
    assert category(name, value) == expected
    assert len(set(AGE_BANDS)) == len(AGE_BANDS)


def test_tables_use_training_customers(spark: SparkSession) -> None:
    rows = [
        (n % 2, 20 + 20 * (n % 2), "FM"[n % 10 < 5 - 2 * (n % 2)], "PUNE", False)
        for n in range(400)
    ]
    rows += [(0, 90, "T", "AGRA", True)] * 40 + [(1, None, None, None, False)] * 5
    frame = spark.createDataFrame(
        rows, "segment int, age int, gender string, location string, held_out boolean"
    )
    # No age band has eleven customers in both segments, and all live in one place.
    found = fit_evidence(frame, ["age", "gender", "location"], 2)
    assert found.keys() == {"gender"}
    assert (found["gender"].label, found["gender"].values) == ("Gender", ["F", "M"])
    np.testing.assert_allclose(
        np.exp(found["gender"].log_probability),
        [[81 / 202, 161 / 202], [121 / 202, 41 / 202]],
        atol=1e-3,
    )
    assert fit_evidence(frame, [], 2) == {}


def test_unknown_evidence_name_raises(spark: SparkSession) -> None:
    frame = spark.createDataFrame([(0, False)], "segment int, held_out boolean")
    with pytest.raises(InputError, match=r"\['religion'\]; choose from age, gender, location"):
        fit_evidence(frame, ["religion"], 1)
