"""`make clean` removes only what can be regenerated."""

from pathlib import Path

import pytest

from bankseg_assets.runtime.settings import Settings
from ops.dev.clean import caches, generated_data, main, remove
from ops.launch.preflight import data_lock


def fill(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("something", encoding="utf-8")
    return path


def test_clean_removes_generated_data_only(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    kept = [
        fill(settings.landing_dir / "from_the_bank.csv"),
        fill(settings.holdings_dir / "from_the_bank.csv"),
        fill(tmp_path / "a note of the operator.txt"),
    ]
    generated = [
        fill(settings.landing_dir / "demo_transactions.csv"),
        fill(settings.raw_dir / "abc" / "part.parquet"),
        fill(settings.published_dir / "rfm_table" / "1" / "part.parquet"),
        fill(settings.dagster_home / "dagster.yaml"),
        fill(settings.ledger_path),
        fill(tmp_path / "ledger.sqlite-wal"),
        fill(settings.holdings_dir / "demo_holdings.csv"),
        fill(settings.raw_holdings_dir / "abc" / "records.parquet"),
        fill(settings.holdings_ledger_path),
        fill(tmp_path / "holdings_ledger.sqlite-wal"),
        fill(tmp_path / "logs" / "app.log"),
        fill(tmp_path / "alerts" / "failure-run.json"),
        fill(tmp_path / "java" / "bin" / "java"),
        fill(tmp_path / "spark_scratch" / "blockmgr" / "shuffle.data"),
    ]
    remove(generated_data(settings))
    assert all(path.exists() for path in kept)
    assert not any(path.exists() for path in generated)
    remove(generated_data(settings))


def test_clean_removes_caches_and_keeps_venv(tmp_path: Path) -> None:
    source = fill(tmp_path / "ops" / "run.py")
    environment = fill(tmp_path / ".venv" / "lib" / "__pycache__" / "x.pyc")
    fill(tmp_path / "ops" / "__pycache__" / "run.pyc")
    fill(tmp_path / ".mypy_cache" / "3.11" / "x.json")
    fill(tmp_path / "derby.log")
    remove(caches(tmp_path))
    assert source.exists()
    assert environment.exists()
    assert not (tmp_path / "ops" / "__pycache__").exists()
    assert not (tmp_path / ".mypy_cache").exists()
    assert not (tmp_path / "derby.log").exists()


def test_clean_prints_removed_paths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    remove(iter([fill(tmp_path / "derby.log"), tmp_path / "absent"]))
    assert capsys.readouterr().out == f"removed {tmp_path / 'derby.log'}\n"


def test_clean_refuses_while_the_platform_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    ledger = fill(tmp_path / "ledger.sqlite")
    with data_lock(tmp_path, "make run"):
        assert main(tmp_path) == 2
    assert ledger.exists()
    assert "`make run`" in capsys.readouterr().err
    assert main(tmp_path) == 0
    assert not ledger.exists()
