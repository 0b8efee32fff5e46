"""Tests of the benchmark's file splitting and stage times."""

from pathlib import Path

from tools.bench.batches import Result, split, stages_of
from tools.bench.measured import Measured


def test_split_writes_the_header_into_both_parts(tmp_path: Path) -> None:
    file, head, tail = (tmp_path / name for name in ("file", "head", "tail"))
    file.write_text("a,b\n1,2\n3,4\n5,6\n", encoding="utf-8")
    split(file, 2, head, tail)
    assert head.read_text(encoding="utf-8") == "a,b\n1,2\n3,4\n"
    assert tail.read_text(encoding="utf-8") == "a,b\n5,6\n"


def test_stages_of_reads_steps_and_sums_checks() -> None:
    output = (
        "[1/3] raw_transactions ... 1.5 s\n"
        "check raw_transactions_no_file_is_rejected ... 0.5 s\n"
        "[2-3/3] cleaned_transactions, quarantined_transactions ... 12.0 s\n"
        "check cleaned_transactions_values_are_in_range ... 0.2 s\n"
        "  warning: Check values_are_in_range ... 3.0 s of nothing\n"
        "3 assets materialized in 14.2 s.\n"
    )
    assert stages_of(output) == {
        "raw_transactions": 1.5,
        "cleaned_transactions, quarantined_transactions": 12.0,
        "checks": 0.7,
    }


def test_result_has_all_runs_and_median_stages() -> None:
    runs = [(Measured(s, 2 * s, int(s), ""), {"raw": s / 10}) for s in (10.0, 30.0, 20.0)]
    result = Result.of("bankseg", 7, runs)
    assert result.seconds == [10.0, 30.0, 20.0]
    assert result.cpu_seconds == [20.0, 60.0, 40.0]
    assert result.memory == [10, 30, 20]
    assert result.stages == {"raw": 2.0}
