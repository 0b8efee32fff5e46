"""Tests of the table in docs/reliability.md."""

from pathlib import Path

import pytest

from tools.faults import report
from tools.faults.report import BEGIN, END, line, write
from tools.faults.scenario import Outcome, Scenario

pytestmark = pytest.mark.subprocess


def scenario(fault: str) -> Scenario:
    return Scenario("toy", fault, lambda _lab, _seed: Outcome(holds=True), is_quick=True)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "reliability.md"
    path.write_text(f"before\n{BEGIN}\n{END}\nafter\n", encoding="utf-8")
    return path


def test_line_counts_held_runs_and_sums_reads() -> None:
    outcomes = [
        Outcome(holds=True, reads=10, seconds={"rerun": 1.0}),
        Outcome(
            holds=False, detail="differs: a | b\nc", reads=5, refused=1, seconds={"rerun": 3.0}
        ),
    ]
    row = line(scenario("fire"), outcomes)
    assert row.startswith("| fire | **no**, 1 of 2: differs: a b c | 15, 1, 0 | 2.0, 3.0 | 20")
    assert row.count("|") == report.HEADER[1].count("|")
    assert "| yes, 1 of 1 | 10, 0, 0 |" in line(scenario("fire"), outcomes[:1])


def test_write_replaces_a_row_and_keeps_other_dates(document: Path) -> None:
    write(["| fire | old |", "| water | old |"], document)
    write(["| fire | new |"], document)
    text = document.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "| fire | new |\n| water | old |" in text
    assert "| fire | old |" not in text
    assert text.count("| fault |") == 1


def test_write_drops_rows_of_another_machine(
    document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(["| fire | old |"], document)
    monkeypatch.setattr(report, "machine", lambda: "64 cores")
    write(["| water | new |"], document)
    text = document.read_text(encoding="utf-8")
    assert "On 64 cores." in text
    assert "fire" not in text
