"""Holm's correction."""

import numpy as np
import pytest

from bankseg_assets.stats.multiple_tests import holm


def test_holm_of_a_known_example() -> None:
    """Wright, "Adjusted p-values for simultaneous inference", Biometrics 48 (1992)."""
    assert holm([0.01, 0.02, 0.022, 0.09]) == pytest.approx([0.04, 0.06, 0.06, 0.09])


def test_holm_keeps_order_and_stays_below_one() -> None:
    values = np.random.default_rng(3).random(20).tolist()
    found = holm(values)
    assert np.argsort(found, kind="stable").tolist() != [] and max(found) <= 1
    assert all(after >= before for before, after in zip(values, found, strict=True))
    ordered = [found[place] for place in np.argsort(values)]
    assert ordered == sorted(ordered)


def test_holm_of_none_or_one() -> None:
    assert (holm([]), holm([0.03])) == ([], [0.03])
