"""Simulated campaigns of a known effect: errors, coverage and power are as promised."""

from argparse import Namespace

import pytest

from bankseg_assets.campaigns.campaign import SPEND, TRANSACTIONS
from tools.campaigns.__main__ import CURRENT, settings_of
from tools.campaigns.populations import Population, busy_bank, demo_bank
from tools.campaigns.simulation import Found, Setting, simulate

pytestmark = pytest.mark.slow
CAMPAIGNS = 60


@pytest.fixture(scope="module")
def busy() -> Population:
    return busy_bank(4_000)


@pytest.fixture(scope="module")
def demo() -> Population:
    return demo_bank(30_000)


def simulated(population: Population, effect: float, **changes: object) -> Found:
    given = {"customers": 3_000, "share": 0.5, "campaigns": CAMPAIGNS} | changes
    return simulate(Setting(population, effect=effect, **given))  # type: ignore[arg-type]


def test_no_effect_is_rarely_found(busy: Population, demo: Population) -> None:
    """Within chance: of 120 campaigns at 5 %, twelve or more err in 2 % of cases."""
    found = [simulated(busy, 0.0), simulated(demo, 0.0, measure=TRANSACTIONS)]
    errors = sum(one.worked + one.harmed for one in found) * CAMPAIGNS
    assert errors < 12
    assert sum(one.segments_decided for one in found) * CAMPAIGNS < 12


@pytest.mark.parametrize("measure", [SPEND, TRANSACTIONS])
def test_power_and_coverage_are_as_planned(busy: Population, measure: str) -> None:
    """The standard error of a share of 60 campaigns is 0.065 or less."""
    found = simulated(busy, 0.05, measure=measure)
    assert found.worked == pytest.approx(found.predicted, abs=0.15)
    assert found.coverage >= 0.88
    assert found.narrowing > 0.3
    assert found.harmed == 0


def test_settings_draw_different_customers() -> None:
    """Otherwise, the campaigns of two settings err together."""
    options = Namespace(banks=[CURRENT], customers=50, campaigns=1, effects=[0.0, 0.1])
    found = list(settings_of(options))
    assert len(found) == 8
    assert len({one.seed for one in found}) == len(found)
