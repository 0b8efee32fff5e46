"""Tests of the verdict on the quality."""

from pathlib import Path

import pytest

from app.panels.verdict import verdict
from bankseg_assets.release.releases import PROMOTION, GateRecord, Release
from bankseg_assets.scoring.bundle import bundle_from
from bankseg_assets_tests.app.odd_models import ONE_SEGMENT
from bankseg_assets_tests.app.publishing import model

METRICS = {"f1_macro": 0.987, "calibration_error": 0.002, "n_held_out": 900, "n_customers": 9000}


def release(*verdicts: str) -> Release:
    gates = [GateRecord(name=one, verdict=one, sentence=f"It {one}.") for one in verdicts]
    return Release(
        name="00000001-x",
        folder=Path("published"),
        kind=PROMOTION,
        note="",
        created_at="2016-10-22T10:00:00+00:00",
        run_id="run",
        is_demo=False,
        versions={},
        model_sha256="",
        gates=tuple(gates),
    )


def test_good_model_is_green() -> None:
    found = verdict(bundle_from(model(metrics=METRICS)), release("passed", "passed"))
    assert (found.level, found.word) == ("green", "Good")
    assert found.reasons == (
        "The classifier reproduces the segments of held-out customers with an F1 of 98.7%, and its "
        "probabilities are off by 0.2 points on average. All 2 checks passed."
    )


@pytest.mark.parametrize(
    ("metrics", "verdicts", "level", "word"),
    [
        ({}, ("passed", "warned"), "amber", "Usable, with a warning"),
        ({}, ("warned", "warned"), "amber", "Usable, with warnings"),
        ({"f1_macro": 0.9}, ("passed",), "amber", "Usable with care"),
        ({"calibration_error": 0.1}, ("passed",), "amber", "Usable with care"),
        ({"f1_macro": 0.5}, ("passed",), "red", "Not reliable"),
        ({}, ("refused",), "red", "Released although checks refused it"),
    ],
)
def test_weak_model_is_amber_or_red(
    metrics: dict[str, float], verdicts: tuple[str, ...], level: str, word: str
) -> None:
    found = verdict(bundle_from(model(metrics=METRICS | metrics)), release(*verdicts))
    assert (found.level, found.word) == (level, word)


def test_single_segment_is_not_an_error() -> None:
    found = verdict(bundle_from(model(**ONE_SEGMENT)), release("passed"))
    assert found.level != "red"
