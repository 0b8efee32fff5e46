"""Run the whole batch in separate processes on a given Spark."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bankseg_assets.contracts.tables import TABLES
from bankseg_assets.runtime.settings import Settings
from ops.demo.holdings import write_demo_holdings
from ops.demo.transactions import write_demo_transactions
from tools.faults.state import MODELS, State, newest_state

ROOT = Path(__file__).parents[2]
ROWS = 6_000
BATCH_SECONDS = 540.0
COMPARED = (*TABLES, *MODELS, "model_card", "recommendation_model", "segmentation_comparison")
"""All assets but `release`, a list of versions. Floats are compared exactly."""
BATCHES = (
    ("ops.launch.materialize",),
    # The only job outside `refresh`; with it, every Spark algorithm is covered.
    ("tools.faults.batch", "--job", "comparison"),
)


@dataclass(frozen=True)
class Batch:
    """The published state and the output of the runs."""

    state: State
    log: str


def deliver(data_dir: Path) -> None:
    """Deliver demo transactions and holdings to a platform."""
    settings = Settings(data_dir=data_dir)
    transactions = settings.landing_dir / "demo_transactions.csv"
    holdings = settings.holdings_dir / "demo_holdings.csv"
    write_demo_transactions(transactions, rows=ROWS, seed=7)
    write_demo_holdings(holdings, transactions=[transactions], seed=7)
    for complete in (transactions, holdings):
        complete.with_name(f"{complete.name}.done").touch()


def run_batches(delivered: Path, data_dir: Path, environ: Mapping[str, str]) -> Batch:
    """Run every job in a copy of a platform with delivered files."""
    shutil.copytree(delivered, data_dir)
    settings = Settings(data_dir=data_dir)
    here = {"BANKSEG_DATA_DIR": str(data_dir), "DAGSTER_HOME": str(settings.dagster_home)}
    output = ""
    for module, *options in BATCHES:
        done = subprocess.run(
            [sys.executable, "-m", module, *options],
            env={**os.environ, **here, **environ},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=BATCH_SECONDS,
            check=False,
        )
        output += done.stdout.decode()
        log = settings.logs_dir / "materialize.log"
        if done.returncode:
            raise AssertionError(f"{module} failed: {output[-2000:]}\n{log.read_text('utf-8')}")
    return Batch(newest_state(settings.published_dir, COMPARED), log.read_text("utf-8") + output)
