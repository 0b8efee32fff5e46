"""An erasure that is killed is finished by the next one, with the same result."""

from pathlib import Path

import pytest

from bankseg_assets_tests.erasure.killed import differences

pytestmark = [pytest.mark.slow, pytest.mark.subprocess]


def test_killed_erasure_gives_the_same_if_repeated(tmp_path: Path) -> None:
    """Before each kind of step; `make faults` kills before each step, in ten seeds."""
    found = dict(differences(tmp_path, 1))
    assert {step.split()[0] for step in found} >= {"tombstones", "replace", "record", "ledger"}
    assert {step: one for step, one in found.items() if one} == {}
