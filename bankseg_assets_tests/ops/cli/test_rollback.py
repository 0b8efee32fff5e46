"""Tests of `bankseg rollback`."""

import subprocess
import sys
from pathlib import Path

import pytest

from bankseg_assets.release.releases import Refusal, current_refusal, current_release, note_refusal
from bankseg_assets_tests.app.publishing import publish
from ops.cli import rollback


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    return tmp_path


def test_rollback_restores_the_previous_release(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = publish(data_dir, version="first")
    publish(data_dir, version="second")
    note_refusal(data_dir / "published", Refusal(run_id="run", at="now", reasons=("Why.",)))
    assert rollback.main([]) == 0
    found = current_release(data_dir / "published")
    assert found is not None
    assert found.path("nb_classifier") == first
    assert f"In use: {found.name}. Rolled back to " in capsys.readouterr().out
    assert current_refusal(data_dir / "published") is None


def test_rollback_list_has_a_line_per_release(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for version in ("first", "second"):
        publish(data_dir, version=version)
    assert rollback.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in lines] == ["promotion", "promotion"]
    assert len(list((data_dir / "published" / "release").iterdir())) == 2


def test_rollback_without_an_earlier_release(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(data_dir)
    assert rollback.main(["--to", "9"]) == 2
    assert rollback.main([]) == 2
    output = capsys.readouterr().err
    assert "bankseg: 0 releases have names that begin with 9" in output
    assert "bankseg: There is no earlier release to roll back to." in output


@pytest.mark.subprocess
def test_rollback_loads_neither_dagster_nor_spark() -> None:
    code = (
        "import sys, ops.cli.rollback; print({'dagster', 'pyspark', 'pandas'} & set(sys.modules))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "set()"
