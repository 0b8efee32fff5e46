"""Tests of drift and agreement with the previous release."""

from pathlib import Path

import pytest

from app.panels.drift import agreement, drift, drift_note, shifted
from bankseg_assets.release.gates import Limits, Measures, ReleaseComparison, gates
from bankseg_assets.release.releases import GateRecord, Release

MEASURED = Measures(f1_macro=0.98, silhouette=0.7, smallest_share=0.1)


def released(shifts: dict[str, float], found: float | None, limits: Limits) -> Release:
    verdicts = gates(MEASURED, None, ReleaseComparison(found, shifts), limits)
    return Release(
        name="1",
        folder=Path(),
        kind="promotion",
        note="",
        created_at="",
        run_id="run",
        is_demo=False,
        versions={},
        model_sha256="",
        gates=tuple(
            GateRecord(name=one.name, verdict=one.verdict.value, numbers=dict(one.numbers))
            for one in verdicts
        ),
    )


@pytest.mark.parametrize(
    ("measure", "psi", "words"),
    [
        ("average_balance", 0.1, "Unchanged"),
        ("average_balance", 0.2, "Has shifted"),
        ("average_balance", 0.3, "Different population"),
        ("recency", 3.0, "Has shifted, as expected when the data covers other days"),
    ],
)
def test_drift_describes_a_shift_in_words(measure: str, psi: float, words: str) -> None:
    found = drift(released({measure: psi}, 0.9, Limits()))
    assert found["In words"].tolist() == [words]


def test_drift_is_sorted_and_uses_the_releases_limits() -> None:
    limits = Limits(drift_warned=0.2, drift_refused=0.4)
    release = released({"age": 0.01, "recency": 0.25}, 0.9, limits)
    found = drift(release)
    assert found["Measure"].tolist() == ["Days since the last transaction", "Age"]
    assert found["PSI"].tolist() == ["0.250", "0.010"]
    note = drift_note(release)
    assert "Above 0.2 there is a warning." in note
    assert "Above 0.4 in average amount, average account balance or age," in note


def test_shifted_names_the_measures_in_plain_words() -> None:
    found = shifted(released({"age": 0.01, "recency": 0.56, "frequency": 0.2}, 0.9, Limits()))
    assert found == (
        "Shifted since the previous version: days since the last transaction (0.56), number of "
        "transactions (0.20); up to 0.1 counts as unchanged."
    )
    assert shifted(released({"age": 0.1}, 0.9, Limits())) == ""


def test_agreement_explains_the_index() -> None:
    text = agreement(released({}, 0.9123, Limits(least_agreement=0.6)))
    assert "agree at **0.912** (adjusted Rand index)" in text
    assert "Below 0.6, a version is refused" in text


def test_a_first_release_has_nothing_to_compare_with() -> None:
    first = released({}, None, Limits())
    assert drift(first).empty
    assert agreement(first) == ""
    of_before_gates = first.model_copy(update={"gates": ()})
    assert drift(of_before_gates).empty
    assert agreement(of_before_gates) == ""
