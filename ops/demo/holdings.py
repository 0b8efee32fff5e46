"""Generate demo holdings: products of the demo customers, reproducible from a seed.

`python -m ops.demo.holdings --transactions PATH --seed 7 --output PATH`

The customers are those of a demo transactions file. Their products depend on their balances and
amounts (wealth and activity) and on two latent traits, borrowing and investing, which a recommender
can learn only from the products. One customer in five has none. The last rows are invalid, as
some rows of a bank's files are.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
from scipy.special import ndtri

from bankseg_assets.runtime.settings import load_settings
from bankseg_assets.storage.atomic_file import atomic_file
from ops.demo.due import HOLDINGS
from ops.exit_codes import report

Floats = npt.NDArray[np.float64]

COLUMNS = ("customer_id", "product")
WITHOUT = 0.2  # of the customers hold nothing


class Leaning(NamedTuple):
    """A product's log-odds for the average customer, and the weight of each trait."""

    usual: float
    wealth: float
    activity: float
    borrowing: float
    investing: float


PRODUCTS = {
    "Savings account": Leaning(3.5, 0.0, -0.1, 0.0, 0.0),
    "Debit card": Leaning(1.8, -0.3, 0.7, 0.3, 0.0),
    "Credit card": Leaning(-1.3, 0.6, 1.1, 1.8, 0.0),
    "Fixed deposit": Leaning(-1.4, 1.7, -0.4, -1.1, 0.6),
    "Life insurance": Leaning(-1.8, 0.4, 0.0, 0.7, 1.1),
    "Recurring deposit": Leaning(-2.0, -0.1, -0.1, -0.6, 1.0),
    "Health insurance": Leaning(-2.2, 0.6, 0.1, 0.3, 1.1),
    "Mutual funds": Leaning(-2.5, 1.0, 0.1, 0.0, 2.7),
    "Personal loan": Leaning(-2.5, -0.8, 0.7, 2.5, -0.3),
    "Current account": Leaning(-2.9, 0.8, 1.3, 0.4, 0.0),
    "Home loan": Leaning(-3.1, 0.8, 0.1, 2.2, 0.1),
    "Demat account": Leaning(-3.3, 0.7, 0.4, 0.0, 2.9),
    "Car loan": Leaning(-3.3, 0.6, 0.6, 2.4, 0.0),
    "Gold loan": Leaning(-3.7, -0.6, -0.1, 2.0, -0.3),
}
LEANINGS = np.array(list(PRODUCTS.values()))


def write_demo_holdings(path: Path, *, transactions: Sequence[Path], seed: int) -> int:
    """Write a CSV of customer and product; return its number of rows.

    The same transactions and seed give the same bytes. The file is written atomically.
    """
    with atomic_file(path) as file:
        return write_holdings(file, transactions=transactions, seed=seed)


def write_holdings(file: BinaryIO, *, transactions: Sequence[Path], seed: int) -> int:
    """Write the holdings of the customers of some files; return the number of rows."""
    customers = _customers(transactions)
    rng = np.random.default_rng(seed)
    traits = np.column_stack(
        [
            np.ones(len(customers)),
            _normal_scores(customers["balance"].to_numpy()),
            _normal_scores(customers["amount"].to_numpy()),
            rng.standard_normal((len(customers), 2)),
        ]
    )
    chances = 1 / (1 + np.exp(-traits @ LEANINGS.T))
    holds = rng.random(chances.shape) < chances
    holds[rng.random(len(customers)) < WITHOUT] = False
    customer, product = np.nonzero(holds)
    rows = pa.table(
        [
            pa.array(customers.index, pa.string()).take(pa.array(customer)),
            pa.array(list(PRODUCTS)).take(pa.array(product)),
        ],
        names=COLUMNS,
    )
    dirt = _dirt(rows)
    options = pa_csv.WriteOptions(include_header=False, quoting_style="none")
    file.write(f"{','.join(COLUMNS)}\n".encode())
    pa_csv.write_csv(rows, file, options)
    file.write("".join(f"{line}\n" for line in dirt).encode())
    return int(rows.num_rows) + len(dirt)


def _customers(transactions: Sequence[Path]) -> pd.DataFrame:
    """Return each customer's balance and sum of amounts, indexed by customer ID."""
    customer, *measures = ["CustomerID", "CustAccountBalance", "TransactionAmount (INR)"]
    types = {customer: pa.string()} | dict.fromkeys(measures, pa.float64())
    options = pa_csv.ConvertOptions(include_columns=list(types), column_types=types)
    grouped = (
        pa.concat_tables(pa_csv.read_csv(path, convert_options=options) for path in transactions)
        .group_by(customer)
        .aggregate([(measures[0], "mean"), (measures[1], "sum")])
    )
    frame: pd.DataFrame = grouped.to_pandas().set_index(customer).sort_index()
    return frame.set_axis(["balance", "amount"], axis="columns").fillna(0.0)


def _normal_scores(values: Floats) -> Floats:
    """Return the standard normal quantile of each value's rank; ties share a rank."""
    ranks = pd.Series(values).rank().to_numpy()
    return np.asarray(ndtri((ranks - 0.5) / max(len(values), 1)), dtype=np.float64)


def _dirt(rows: pa.Table) -> list[str]:
    """Return a duplicate, a duplicate in another spelling, and a row without a product."""
    if not rows.num_rows:
        return []
    customer, product = (column[0].as_py() for column in rows.columns)
    respelt = product.lower().replace(" ", "  ")
    return [f"{customer},{product}", f"{customer},{respelt}", f"{customer},"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and write the file."""
    settings = load_settings()
    parser = argparse.ArgumentParser(prog="python -m ops.demo.holdings", description=__doc__)
    parser.add_argument(
        "--transactions",
        type=Path,
        default=settings.landing_dir / "demo_transactions.csv",
        help="default: <data>/landing/demo_transactions.csv",
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--output",
        type=Path,
        default=settings.holdings_dir / HOLDINGS,
        help=f"default: <data>/holdings/{HOLDINGS}",
    )
    options = parser.parse_args(arguments)
    if not options.transactions.exists():
        return report(
            f"there are no demo transactions in {options.transactions}. "
            "Make them first: `make demo-data`."
        )
    rows = write_demo_holdings(
        options.output, transactions=[options.transactions], seed=options.seed
    )
    print(f"{rows:,} demo holdings in {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
