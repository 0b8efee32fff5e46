"""Badges say in words and colour how old, how drifted and how stable a release is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.status import badges
from bankseg_assets.releases import Release

MADE = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


def release(*gates: dict[str, Any]) -> Release:
    return Release(
        name="1",
        folder=Path(),
        kind="promotion",
        note="",
        created_at=MADE.isoformat(),
        run_id="run",
        is_demo=False,
        versions={},
        model_sha256="",
        gates=gates,
    )


def gate(name: str, verdict: str) -> dict[str, Any]:
    return {"name": name, "verdict": verdict, "sentence": "Why.", "numbers": {"psi": 0.3}}


@pytest.mark.parametrize(
    ("days", "colour", "words"),
    [
        (0, "green", "Made today"),
        (1, "green", "Made 1 day ago"),
        (8, "orange", "Made 8 days ago"),
        (40, "red", "Made 40 days ago"),
    ],
)
def test_a_release_grows_old(days: int, colour: str, words: str) -> None:
    found = badges(release(), MADE + timedelta(days=days, hours=1))[0]
    assert (found.colour, found.words) == (colour, words)
    assert "on 1 November 2026 at 09:30 UTC" in found.sentence


@pytest.mark.parametrize(
    ("verdict", "colour", "drift", "stability"),
    [
        ("passed", "green", "Same population", "Stable segments"),
        ("warned", "orange", "Population has shifted", "Segments have shifted"),
        ("refused", "red", "Another population", "Segments have changed"),
    ],
)
def test_gates_are_told_in_words(verdict: str, colour: str, drift: str, stability: str) -> None:
    gates = [
        gate("data_has_not_drifted", verdict),
        gate("customers_stay_in_their_segment", verdict),
    ]
    _, first, second = badges(release(*gates), MADE)
    assert [(b.colour, b.words, b.sentence) for b in (first, second)] == [
        (colour, drift, "Why."),
        (colour, stability, "Why."),
    ]


def test_a_first_release_has_nothing_to_compare_with() -> None:
    found = badges(release(), MADE)
    assert [(badge.colour, badge.words) for badge in found] == [
        ("green", "Made today"),
        ("gray", "First version"),
    ]
