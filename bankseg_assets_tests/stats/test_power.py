"""Power against simulated comparisons."""

import numpy as np
import pytest

from bankseg_assets.stats.power import detectable, needed, power_of, standard_error
from bankseg_assets.stats.two_arms import welch


def test_power_is_that_of_simulated_tests() -> None:
    rng = np.random.default_rng(5)
    sizes = (400, 100)
    error = standard_error(1.0, sizes)
    effect = detectable(error, alpha=0.05, power=0.8)
    found = np.mean(
        [
            welch(rng.normal(effect, 1, sizes[0]), rng.normal(0, 1, sizes[1])).p_value < 0.05
            for _ in range(1_000)
        ]
    )
    assert found == pytest.approx(power_of(effect, error, alpha=0.05), abs=0.04)


def test_needed_size_gives_the_power() -> None:
    size = needed(0.1, 1.0, 0.1, alpha=0.04, power=0.8)
    assert size is not None
    error = standard_error(1.0, (round(size * 0.9), round(size * 0.1)))
    assert power_of(0.1, error, alpha=0.04) == pytest.approx(0.8, abs=0.001)


@pytest.mark.parametrize(("effect", "share"), [(0.0, 0.5), (-1.0, 0.5), (1.0, 0.0), (1.0, 1.0)])
def test_no_size_finds_what_cannot_be_found(effect: float, share: float) -> None:
    assert needed(effect, 1.0, share, alpha=0.05, power=0.8) is None


def test_without_spread_any_effect_is_found() -> None:
    assert power_of(0.1, 0.0, alpha=0.05) == 1.0
    assert power_of(0.0, 0.0, alpha=0.05) == 0.05
