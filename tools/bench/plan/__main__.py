"""Print seconds and memory of a campaign's plan: `python -m tools.bench.plan`."""

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.bench.batches import ROOT
from tools.bench.measured import measure
from tools.bench.plan.synthetic_release import write_release

HEADS = "| customers | transactions | seconds | memory |"


def main() -> None:
    """Write a release with so many transactions of each customer, and plan a campaign in it."""
    options = _parser().parse_args()
    print(HEADS, "|---" * HEADS.count(" | ") + "|---|", sep="\n")
    for each in options.transactions:
        with TemporaryDirectory(prefix="bankseg-bench-", dir=options.work) as folder:
            rows = write_release(Path(folder), options.customers, each)
            command = [sys.executable, "-m", "tools.bench.plan.planned", folder]
            for _ in range(options.repeats):
                run = measure(command, folder=ROOT)
                seconds = json.loads(run.output.splitlines()[-1])["seconds"]
                memory = f"{run.memory / 1e9:.1f} GB"
                print(
                    f"| {options.customers:,} | {rows:,} | {seconds:.1f} | {memory} |", flush=True
                )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.plan")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument(
        "--transactions", type=float, nargs="*", default=(1.2, 10.0), help="of each customer"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--work", type=Path, help="folder for the release")
    return parser


if __name__ == "__main__":
    main()
