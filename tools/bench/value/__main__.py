"""Print a table of core-seconds and memory: `python -m tools.bench.value`."""

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq

from tools.bench.batches import ROOT
from tools.bench.measured import measure
from tools.bench.value.customers import write_customers

LIFETIMES = "lifetimes"
MILLION = 1_000_000
SIZES = (0.2, 1.0, 10.0)
MOST_PEER = 1.0  # millions of customers; each likelihood is that of every customer
MOST_PYMC = {"map": 0.2, "mcmc": 0.01}
HEADS = "| customers | with | seconds | core-seconds | memory | r, alpha, a, b |"


def main() -> None:
    """Measure each way at each size, alternating."""
    options = _parser().parse_args()
    print(HEADS, "|---" * HEADS.count(" | ") + "|---|", sep="\n")
    with TemporaryDirectory(prefix="bankseg-bench-", dir=options.work) as folder:
        for size in options.sizes:
            customers = Path(folder) / f"customers_{size}"
            write_customers(customers, int(size * MILLION))
            csv = Path(folder) / f"csv_{size}"  # for environments that cannot read Parquet
            if options.lifetimes or options.pymc:
                csv.mkdir()
                pq.read_table(customers).to_pandas().to_csv(csv / "customers.csv")
            for name, command in _ways(options, size).items():
                source = customers if command[0] == sys.executable else csv
                print(_row(name, int(size * MILLION), [*command, source]), flush=True)


def _ways(options: argparse.Namespace, size: float) -> dict[str, list[str | Path]]:
    """Return name -> command, to which the folder of customers is appended."""
    found: dict[str, list[str | Path]] = {
        "bankseg": [sys.executable, "-m", "tools.bench.value.as_the_batch"]
    }
    if size <= MOST_PEER:
        found["scipy, each customer"] = [sys.executable, "-m", "tools.bench.value.textbook"]
        if options.lifetimes:
            script = Path(__file__).with_name("lifetimes_script.py")
            found[LIFETIMES] = [options.lifetimes, script]
    script = Path(__file__).with_name("pymc_script.py")
    for method, most in MOST_PYMC.items():
        if options.pymc and size <= most:
            found[f"PyMC-Marketing, {method.upper()}"] = [options.pymc, script, method]
    return found


def _row(name: str, customers: int, command: list[str | Path]) -> str:
    run = measure(command, folder=ROOT)
    found: dict[str, Any] = json.loads(run.output.splitlines()[-1])
    parameters = ", ".join(f"{value:.4g}" for value in found["parameters"])
    return (
        f"| {customers:,} | {name} | {found['seconds']:.1f} | {found['core_seconds']:.1f} | "
        f"{run.memory / 1e9:.1f} GB | {parameters} |"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.value")
    parser.add_argument(
        "--sizes", type=float, nargs="*", default=SIZES, help="millions: %(default)s"
    )
    parser.add_argument(
        "--lifetimes", type=Path, help="Python of an environment with the package lifetimes"
    )
    parser.add_argument(
        "--pymc", type=Path, help="Python of an environment with the package pymc-marketing"
    )
    parser.add_argument("--work", type=Path, help="folder for the customers")
    return parser


if __name__ == "__main__":
    main()
