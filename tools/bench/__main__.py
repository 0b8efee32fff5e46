"""Benchmark the batch against pandas and scikit-learn; write docs/performance.md."""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from ops.demo.transactions import write_demo_transactions
from tools.bench import report
from tools.bench.batches import (
    BANKSEG,
    DELIVERY,
    DELIVERY_SHARE,
    PEER,
    PEER_NAME,
    ROOT,
    Result,
    Run,
    batches,
    peer,
    split,
)
from tools.bench.drops import drops

MILLION = 1_048_567  # the rows of the real file
SIZES = (0.1, 1.0, 10.0, 50.0)
MAX_PEER_SIZE = 10.0  # millions of rows; it holds everything in memory: 1.6 GB per million rows
SEED = 7


def main() -> None:
    """Run the selected benchmarks, and print and write the tables."""
    options = _parser().parse_args()
    # As an installed platform has it; it is made in a process of its own, with its own settings.
    subprocess.run([sys.executable, "-m", "ops.launch.class_archive"], cwd=ROOT, check=False)
    with TemporaryDirectory(prefix="bankseg-bench-", dir=options.work) as folder:
        for size in options.sizes:
            for result in _of_size(size, options, Path(folder)):
                _keep(result)
        if options.drops:
            for result in drops(
                MILLION, options.repeats, Path(folder), seed=SEED, warm=options.warm
            ):
                _keep(result)
    report.write()
    print(report.tables())


def _keep(result: Result) -> None:
    report.keep(result)
    print(report.row(result), flush=True)


def _of_size(size: float, options: argparse.Namespace, work: Path) -> Iterator[Result]:
    rows = int(size * MILLION)
    file, delivery = work / f"transactions_{rows}.csv", work / f"delivery_{rows}.csv"
    more = int(rows * DELIVERY_SHARE) if size in options.deliveries else 0
    whole = work / "whole.csv"
    write_demo_transactions(whole, rows=rows + more, seed=SEED)
    split(whole, rows, file, delivery)
    whole.unlink()
    with_peer = size <= MAX_PEER_SIZE and options.peer.exists()
    runs: dict[str, list[Run]] = {BANKSEG: [], DELIVERY: [], PEER_NAME: []}
    for number in range(options.repeats):
        # Alternating, so that other load on the machine affects all alike.
        full, *later = batches([file, delivery] if more else [file], work)
        runs[BANKSEG].append(full)
        runs[DELIVERY].extend(later)
        if with_peer:
            runs[PEER_NAME].append(peer(file, options.peer, work))
        latest = ", ".join(
            f"{what} {found[-1][0].seconds:.0f} s" for what, found in runs.items() if found
        )
        print(f"{rows:,} rows, {number + 1} of {options.repeats}: {latest}", file=sys.stderr)
    file.unlink()
    delivery.unlink()
    yield from (Result.of(what, rows, found) for what, found in runs.items() if found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.bench")
    parser.add_argument(
        "--sizes", type=float, nargs="*", default=SIZES, help="millions of rows (%(default)s)"
    )
    parser.add_argument(
        "--deliveries", type=float, nargs="*", default=[10.0], help="sizes to add 1 %% to"
    )
    parser.add_argument(
        "--drops",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="time files dropped on a running platform as well",
    )
    parser.add_argument(
        "--warm", action="store_true", help="time these with a warm run worker (decision 0029)"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer", type=Path, default=PEER, help="a script to compare with")
    parser.add_argument("--work", type=Path, help="where files of some GB can be put")
    return parser


if __name__ == "__main__":
    main()
