"""Dagster's own command line works on the platform, as its documentation shows it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops.cli import dg

ROOT = Path(__file__).parents[3]


def run_dg(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `bankseg dg` with a data folder of its own."""
    return subprocess.run(
        [sys.executable, "-m", "ops.cli.main", "dg", *arguments],
        cwd=ROOT,
        env={**os.environ, "BANKSEG_DATA_DIR": str(data_dir), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.mark.subprocess
def test_dg_finds_no_fault_in_the_definitions(tmp_path: Path) -> None:
    """Without warnings, and without a word on statistics that are sent to the maker."""
    found = run_dg(tmp_path, "check", "defs")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "All definitions loaded successfully." in found.stdout + found.stderr
    for word in ("warning", "Warning", "telemetry"):
        assert word not in found.stdout + found.stderr
    assert (tmp_path / "dagster_home" / "dagster.yaml").exists()


@pytest.mark.subprocess
def test_dg_lists_the_definitions(tmp_path: Path) -> None:
    found = run_dg(tmp_path, "list", "defs")
    assert found.returncode == 0, found.stdout + found.stderr
    for name in ("raw_transactions", "landing_folder", "refit_with_k", "landing_sensor"):
        assert name in found.stdout


def test_missing_dg_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert dg.main(["check", "defs"]) == 2
    assert "run `make dev`" in capsys.readouterr().err
