"""Scenario: an erasure that is killed before its steps, and repeated."""

import tempfile
from pathlib import Path

from bankseg_assets_tests.erasure.killed import differences
from tools.faults.lab import Lab
from tools.faults.scenario import Outcome, scenario

SEEDS = 10


@scenario("kill-erasure", "kill -9 of an erasure before each of its steps, and the erasure again")
def erasure(_lab: Lab, seed: int) -> Outcome:
    """Ten seeds kill before each step, each seed before each kind of step, in another bank.

    Every other kill is followed by one of the repetition.
    """
    with tempfile.TemporaryDirectory(prefix="bankseg-faults-") as folder:
        found = list(differences(Path(folder), seed, every=SEEDS))
    faults = [f"before {step}: {one}" for step, one in found if one]
    return Outcome(holds=not faults, detail="; ".join(faults) or f"{len(found)} kills")
