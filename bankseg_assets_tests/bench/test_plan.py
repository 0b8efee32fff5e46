"""The release whose plan the benchmark measures."""

import json
from pathlib import Path

import pytest

from tools.bench.plan import planned
from tools.bench.plan.synthetic_release import write_release


def test_plan_of_the_benchmark_has_all_customers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert write_release(tmp_path, 400, 3.0) == 1_200
    planned.main(tmp_path)
    assert json.loads(capsys.readouterr().out)["customers"] == 400
