"""The faults that need neither Spark nor a server, once each; `make faults` runs all."""

import pytest

from tools.faults.lab import Lab
from tools.faults.scenario import ALL
from tools.faults.scenarios import LOADED

assert LOADED

pytestmark = [pytest.mark.faults, pytest.mark.subprocess]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("faults"), seeds=1)


@pytest.mark.parametrize("name", [one.name for one in ALL.values() if one.is_quick])
def test_platform_recovers_from(name: str, lab: Lab) -> None:
    outcome = ALL[name].run(lab, 1)
    assert outcome.holds, outcome.detail
