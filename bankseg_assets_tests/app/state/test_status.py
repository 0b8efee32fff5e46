"""Tests of the badges for freshness, drift and stability."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.state.status import Badge, Colour, badges
from bankseg_assets.release.releases import GateRecord, Release

MADE = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


def release(*gates: GateRecord) -> Release:
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


def drifted(verdict: str, psi: float) -> GateRecord:
    numbers = {"psi_recency": psi}
    return GateRecord(name="data_has_not_drifted", verdict=verdict, numbers=numbers)


def agreed(verdict: str, found: float) -> GateRecord:
    numbers = {"adjusted_rand_index": found, "least": 0.5}
    return GateRecord(name="customers_stay_in_their_segment", verdict=verdict, numbers=numbers)


@pytest.mark.parametrize(
    ("days", "colour", "words"),
    [
        (0, "green", "Made today"),
        (1, "green", "Made 1 day ago"),
        (8, "orange", "Made 8 days ago"),
        (40, "red", "Made 40 days ago"),
    ],
)
def test_freshness_depends_on_age(days: int, colour: str, words: str) -> None:
    found = badges(release(), MADE + timedelta(days=days, hours=1))[0]
    assert (found.colour, found.words) == (colour, words)
    assert "on 1 November 2026 at 09:30 UTC" in found.sentence


@pytest.mark.parametrize(
    ("verdict", "psi", "colour", "words", "why"),
    [
        ("passed", 0.02, "green", "Same population", "distributed as in the previous version"),
        ("warned", 0.56, "orange", "Population has shifted", "since the last transaction (0.56)"),
        ("refused", 3.0, "red", "Different population", "since the last transaction (3.00)"),
    ],
)
def test_drift_badge_names_the_shifted_measures(
    verdict: str, psi: float, colour: str, words: str, why: str
) -> None:
    _, found, _ = badges(release(drifted(verdict, psi)), MADE)
    assert (found.colour, found.words) == (colour, words)
    assert why in found.sentence


@pytest.mark.parametrize(
    ("verdict", "agreement", "colour", "words"),
    [
        ("passed", 0.93, "green", "Stable segments"),
        ("passed", 0.8, "green", "Stable segments"),
        ("passed", 0.53, "orange", "Segments have shifted"),
        ("refused", 0.41, "red", "Segments have changed"),
    ],
)
def test_stability_badge_depends_on_agreement(
    verdict: str, agreement: float, colour: str, words: str
) -> None:
    *_, found = badges(release(agreed(verdict, agreement)), MADE)
    assert (found.colour, found.words) == (colour, words)
    assert f"agree at {agreement:.2f}" in found.sentence


def test_show_writes_warnings_below_the_badges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "app.state.status.badges", lambda _, **__: [_badge("green"), _badge("orange")]
    )

    def script() -> None:
        from app.state.status import show

        show(None)  # type: ignore[arg-type]

    page = AppTest.from_function(script).run()
    assert not page.exception
    assert [caption.value for caption in page.caption] == ["Why orange."]


def _badge(colour: Colour) -> Badge:
    return Badge(colour, "Words", f"Why {colour}.")


def test_a_first_release_has_nothing_to_compare_with() -> None:
    found = badges(release(), MADE)
    assert [(badge.colour, badge.words) for badge in found] == [
        ("green", "Made today"),
        ("gray", "First version"),
    ]


def test_later_release_without_comparison_is_not_called_first() -> None:
    found = badges(release().model_copy(update={"serial": 3}), MADE)
    assert [badge.words for badge in found] == ["Made today", "Not compared"]
