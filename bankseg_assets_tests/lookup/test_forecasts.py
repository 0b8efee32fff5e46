"""Forecasts for someone with a history, whether a customer of the release or not."""

from pathlib import Path

import pytest

from bankseg_assets.lookup.forecasts import Known, forecasts_for
from bankseg_assets.release.releases import Release
from bankseg_assets_tests.app.one_customer import customer_tables, newest
from bankseg_assets_tests.app.publishing import publish
from bankseg_assets_tests.value.documents import value_document


def released(data_dir: Path, **changes: object) -> Release:
    publish(data_dir, customer_tables(), {"value_model": value_document() | changes})
    return newest(data_dir)


def test_history_of_a_customer_has_its_forecast(tmp_path: Path) -> None:
    found = forecasts_for(released(tmp_path), Known(3, 80, 90, 900.0))
    assert found["p_alive"] == 0.75
    assert found["spend_next_90"] == 20 + 0.5 * 900
    assert "spend_next_90" not in forecasts_for(newest(tmp_path), Known(3, 80, 90))


def test_new_history_is_computed_by_the_model(tmp_path: Path) -> None:
    """More recent and more frequent customers have more days to come."""
    release = released(tmp_path)
    found = forecasts_for(release, Known(9, 3, 90, 900.0))
    rarer = forecasts_for(release, Known(3, 60, 90, 900.0))
    assert 0 < rarer["p_alive"] < found["p_alive"] < 1
    assert rarer["days_next_90"] < found["days_next_90"] <= found["days_next_90_high"]
    assert found["spend_next_90_low"] <= found["spend_next_90"] <= found["spend_next_90_high"]
    assert "p_alive" not in forecasts_for(release, Known(1, 5, 5, 10.0))


def test_baselines_of_a_new_history(tmp_path: Path) -> None:
    """The past is repeated; the mean of a segment is known of its customers only."""
    release = released(tmp_path, days_by="past", spend_by="segment")
    found = forecasts_for(release, Known(9, 3, 90, 900.0))
    wanted = {f"days_next_{days}": 9 * days / 300 for days in (30, 90, 365)}
    assert found == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (Known(0, 1, 1), "at least one day"),
        (Known(1, 9, 3), "after the last one"),
        (Known(5, 1, 3), "there are 3 days; found 5"),
        (Known(1, 1, 3), "two or more days"),
        (Known(3, 1, 3), ""),
        (Known(1, 4, 4), ""),
    ],
)
def test_history_that_cannot_be_says_why(known: Known, why: str) -> None:
    assert (why in known.problem) if why else known.problem == ""
