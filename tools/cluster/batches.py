"""The whole batch as an operator runs it, in processes of its own, on some Spark."""

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
"""All but `release`, a list of versions. Floats count to their last digit."""
BATCHES = (
    ("ops.launch.materialize",),
    # The one job that `everything` leaves out; with it, every algorithm of Spark's has its turn.
    ("tools.faults.batch", "--job", "comparison"),
)


@dataclass(frozen=True)
class Batch:
    """What was published, and what was said meanwhile."""

    state: State
    log: str


def deliver(data_dir: Path) -> None:
    """Land demo transactions and holdings in the folders of a platform."""
    settings = Settings(data_dir=data_dir)
    transactions = settings.landing_dir / "demo_transactions.csv"
    holdings = settings.holdings_dir / "demo_holdings.csv"
    write_demo_transactions(transactions, rows=ROWS, seed=7)
    write_demo_holdings(holdings, transactions=transactions, seed=7)
    for complete in (transactions, holdings):
        complete.with_name(f"{complete.name}.done").touch()


def run_batches(delivered: Path, data_dir: Path, environ: Mapping[str, str]) -> Batch:
    """Compute everything in a copy of a platform on which files were delivered."""
    shutil.copytree(delivered, data_dir)
    settings = Settings(data_dir=data_dir)
    here = {"BANKSEG_DATA_DIR": str(data_dir), "DAGSTER_HOME": str(settings.dagster_home)}
    told = ""
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
        told += done.stdout.decode()
        log = settings.logs_dir / "materialize.log"
        if done.returncode:
            raise AssertionError(f"{module} failed: {told[-2000:]}\n{log.read_text('utf-8')}")
    return Batch(newest_state(settings.published_dir, COMPARED), log.read_text("utf-8") + told)
