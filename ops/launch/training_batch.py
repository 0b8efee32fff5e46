"""Batches of demo data that let Java load, generate and compile what real batches will use."""

from pathlib import Path

import dagster as dg

from bankseg_assets.defs.build import build_defs, resources
from bankseg_assets.defs.resources import SparkResource
from bankseg_assets.landing.ledger import DEMO_FILE_PREFIX
from bankseg_assets.runtime.settings import Settings
from ops.demo.due import HOLDINGS
from ops.demo.holdings import write_demo_holdings
from ops.demo.transactions import write_demo_transactions

JOB = "refresh"
DELIVERIES = 2  # the first fits models, the next is scored with them, as most deliveries are
ROWS = 5_000  # of each delivery
SEED = 7


class TrainingError(RuntimeError):
    """A training batch failed; Dagster's log has the reason."""


def train(spark: SparkResource, folder: Path) -> None:
    """Run batches in this process, on `spark`, with `folder` as their data folder.

    Uses the settings and the contract of the demo data, whatever those of the platform are.
    Raises TrainingError.
    """
    settings = Settings(data_dir=folder)
    definitions = build_defs(resource_overrides=resources(settings, spark=spark))
    job = definitions.resolve_job_def(JOB)
    with dg.DagsterInstance.ephemeral() as instance:
        for delivery in _deliveries(settings):
            delivery.replace(settings.landing_dir / delivery.name)
            if not job.execute_in_process(instance=instance, raise_on_error=False).success:
                raise TrainingError("the training batch failed")


def _deliveries(settings: Settings) -> list[Path]:
    """Write the files of the deliveries, with distinct transactions, beside the landing folder."""
    settings.landing_dir.mkdir(parents=True)
    whole = settings.data_dir / "demo.csv"
    write_demo_transactions(whole, rows=DELIVERIES * ROWS, seed=SEED)
    header, *lines = whole.read_text(encoding="utf-8").splitlines(keepends=True)
    # With a bank's own transactions, demo holdings are not used, and no products recommended.
    files = [settings.data_dir / f"{DEMO_FILE_PREFIX}_{number}.csv" for number in range(DELIVERIES)]
    for number, file in enumerate(files):
        part = lines[number * ROWS : (number + 1) * ROWS]
        file.write_text("".join([header, *part]), encoding="utf-8")
    holdings = settings.holdings_dir / HOLDINGS
    write_demo_holdings(holdings, transactions=files[:1], seed=SEED)
    return files
