"""Tests of the tables and the plot of docs/performance.md."""

from pathlib import Path

import pytest

from tools.bench import report
from tools.bench.batches import BANKSEG, DELIVERY, PEER_NAME, Result

pytestmark = pytest.mark.subprocess


def result(what: str, *seconds: float, rows: int = 1000) -> Result:
    stages = {"raw_transactions": 1.0} if what != PEER_NAME else {"read": 0.5}
    return Result(what, rows, list(seconds), [2 * s for s in seconds], [3 * 10**9], stages)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "performance.json"
    for one in (result(BANKSEG, 30, 20, 40), result(PEER_NAME, 20), result(DELIVERY, 6)):
        report.keep(one, path)
    return path


def test_row_shows_median_runs_and_ratio_to_peer(kept: Path) -> None:
    text = report.tables(kept)
    assert "| 1,000 | bankseg | 30.0 (20, 30, 40) | 60 | 3.0 GB | 1.50 |" in text
    assert "| 1,000 | pandas + scikit-learn | 20.0 (20) | 40 | 3.0 GB |  |" in text


def test_row_of_delivery_shows_ratio_to_full_batch(kept: Path) -> None:
    text = report.tables(kept)
    assert "| 1,000 | a delivery of 1 % | 6.0 (6) | 12 | 3.0 GB | 0.20 of the full batch |" in text
    assert "| stage, s | 1,000 + 1 % | 1,000 |" in text
    assert "| raw_transactions | 1.0 | 1.0 |" in text


def test_keep_replaces_the_previous_result(kept: Path) -> None:
    report.keep(result(BANKSEG, 10), kept)
    assert "| bankseg | 10.0 (10) |" in report.tables(kept)
    assert "30.0" not in report.tables(kept)


def test_keep_drops_results_of_another_machine(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "machine", lambda: "64 cores")
    assert report.results(kept) == []


def test_write_changes_only_text_between_the_marks(kept: Path, tmp_path: Path) -> None:
    document, plot = tmp_path / "performance.md", tmp_path / "scaling.svg"
    document.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", encoding="utf-8")
    report.write(document, kept, plot)
    text = document.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "images/scaling.svg" in text
    assert plot.read_text(encoding="utf-8").lstrip().startswith("<?xml")
