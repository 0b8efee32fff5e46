"""Files for the benchmark of deliveries to a running platform."""

from pathlib import Path

from tools.bench.drops import _files


def test_files_have_the_sizes_and_no_common_transaction(tmp_path: Path) -> None:
    sizes = (50, 20, 30)
    files = list(_files(sizes, tmp_path, seed=1))
    rows = [file.read_text(encoding="utf-8").splitlines() for file in files]
    assert len({lines[0] for lines in rows}) == 1  # the header
    assert [len(lines) - 1 for lines in rows] == list(sizes)
    transactions = [line.split(",")[0] for lines in rows for line in lines[1:]]
    assert len(set(transactions)) == sum(sizes)
    assert sorted(tmp_path.iterdir()) == files
