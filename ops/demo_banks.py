"""Three made-up banks of other shapes than the demo data: a delivery of each, and its contract.

`python -m ops.demo_banks retail --customers 1500 --seed 7 --output FOLDER`

- retail: European, `;` and decimal commas, overdrawn accounts, no birth dates.
- current: 20 to 200 transactions a customer, and interest for all on the last day, so that all
  customers have the same recency.
- shop: no balance, no gender, no birth date; refunds; one customer in three has a second order.

The contracts are those of docs/contracts/.
"""

import argparse
import csv
import io
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bankseg_assets.delivery import load_contract
from bankseg_assets.settings import DEFAULT_CONTRACT
from ops.whole_file import whole_file

CONTRACTS = DEFAULT_CONTRACT.parent / "docs" / "contracts"
START = datetime(2025, 1, 1)
DAYS = 180
UNKNOWN_SHARE = 0.02  # of the values of a column that may be empty
SPREAD = 0.6  # of log-amounts within a kind of customer
REFUNDED_ORDERS = 0.15  # of those who have more than one
REFUND_ALONE = 0.03  # of the others: what they bought lies before the first day
ONE_ORDER = 2 / 3

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Columns = dict[str, Sequence[str]]
"""The header's name -> the values of a delivery, as text."""


class Kind(NamedTuple):
    """A hidden kind of customer: what most of its members are like."""

    share: float
    transactions: tuple[int, int]
    """Fewest and most."""
    amount: float
    balance: float
    last_day: int = DAYS


class Bank(NamedTuple):
    """How to make a delivery, the name of its contract, and a size that is quick to segment."""

    columns: Callable[[int, np.random.Generator], Columns]
    contract: str
    customers: int


class Transactions(NamedTuple):
    """One element a transaction, in the order of time."""

    customer: Ints
    moment: Ints
    """Seconds since START."""
    amount: Floats


RETAIL = (
    Kind(0.40, (3, 15), 35, 900),
    Kind(0.20, (1, 4), 400, 15_000),
    Kind(0.25, (4, 12), 25, -600),
    Kind(0.15, (1, 3), 60, 300, last_day=60),
)
CURRENT = (
    Kind(0.35, (20, 60), 12, 350),
    Kind(0.40, (60, 140), 45, 2_500),
    Kind(0.25, (120, 200), 320, 20_000),
)
SHOP = (Kind(ONE_ORDER, (1, 1), 40, 0), Kind(0.25, (2, 5), 55, 0), Kind(0.08, (4, 14), 250, 0))
GERMAN_TOWNS = ("Köln", "München", "Hamburg", "Görlitz; Altstadt", "Trier", "")
BRITISH_TOWNS = ("Leeds", "Bath", "York", "London, East", "Stoke-on-Trent", "")
COUNTRIES = ("US", "Canada", "Côte d'Ivoire", "New Zealand", "")


def write_bank(name: str, folder: Path, *, customers: int, seed: int) -> tuple[Path, Path]:
    """Write a bank's delivery and contract into a folder; the same arguments give the same bytes.

    Returns the paths of both. Each file appears whole or not at all.
    """
    if customers < 0 or seed < 0:
        raise ValueError(f"customers and seed must not be negative; they are {customers}, {seed}.")
    bank = BANKS[name]
    source = CONTRACTS / bank.contract
    contract = load_contract(source)
    columns = bank.columns(customers, np.random.default_rng(seed))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=contract.delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    delivery = folder / f"{name}_transactions.csv"
    with whole_file(delivery) as file:
        file.write(text.getvalue().encode(contract.encoding))
    with whole_file(folder / bank.contract) as file, source.open("rb") as content:
        shutil.copyfileobj(content, file)
    return delivery, folder / bank.contract


def _retail(customers: int, rng: np.random.Generator) -> Columns:
    kind = _kinds(RETAIL, customers, rng)
    found = _transactions(RETAIL, kind, rng)
    return {
        "Buchungsnummer": _ids("B", len(found.customer)),
        "Kundennummer": [f"K{100_000 + number}" for number in found.customer],
        "Geschlecht": _of_customer(("m", "w", "d", ""), (0.49, 0.49, 0.01, 0.01), found, rng),
        "Ort": _of_customer(GERMAN_TOWNS, (), found, rng),
        "Kontostand": [text.replace(".", ",") for text in _balances(RETAIL, kind, found, rng)],
        "Buchungszeit": _times(found.moment, "%d.%m.%Y %H:%M:%S"),
        "Betrag": [f"{value:.2f}".replace(".", ",") for value in found.amount],
    }


def _current(customers: int, rng: np.random.Generator) -> Columns:
    kind = _kinds(CURRENT, customers, rng)
    found = _with_interest(_transactions(CURRENT, kind, rng), customers, rng)
    births = rng.integers(18 * 366, 80 * 366, customers)
    born = [f"{START - timedelta(days=int(days)):%d/%m/%Y}" for days in births]
    return {
        "reference": _ids("", len(found.customer)),
        "account": [f"{20_000_000 + number}" for number in found.customer],
        "date_of_birth": [born[number] for number in found.customer],
        "sex": _of_customer(("female", "male", ""), (0.5, 0.48, 0.02), found, rng),
        "town": _of_customer(BRITISH_TOWNS, (), found, rng),
        "balance": _balances(CURRENT, kind, found, rng),
        "date": _times(found.moment, "%d/%m/%Y"),
        "time": _times(found.moment, "%H:%M:%S"),
        "amount": [f"{value:.2f}" for value in found.amount],
    }


def _shop(customers: int, rng: np.random.Generator) -> Columns:
    found = _with_refunds(_transactions(SHOP, _kinds(SHOP, customers, rng), rng), rng)
    numbers = _ids("", len(found.customer))
    return {
        "Order": [
            f"{'R' if value < 0 else 'O'}-{number}"
            for value, number in zip(found.amount, numbers, strict=True)
        ],
        "Buyer": [f"{70_000 + number}" for number in found.customer],
        "Country": _of_customer(COUNTRIES, (), found, rng),
        "Placed": _times(found.moment, "%Y-%m-%d %H:%M"),
        "Total": [f"{value:.2f}" for value in found.amount],
    }


BANKS = {
    "retail": Bank(_retail, "retail_bank.toml", 1_500),
    "current": Bank(_current, "current_accounts.toml", 300),
    "shop": Bank(_shop, "shop.toml", 1_500),
}


def _kinds(kinds: Sequence[Kind], customers: int, rng: np.random.Generator) -> Ints:
    """Return the place of each customer's kind; the shares hold for any number of customers."""
    ends = np.cumsum([kind.share for kind in kinds])
    evenly = (rng.permutation(customers) + 0.5) / max(customers, 1)
    return np.searchsorted(ends[:-1] / ends[-1], evenly).astype(np.int64)


def _transactions(kinds: Sequence[Kind], kind: Ints, rng: np.random.Generator) -> Transactions:
    fewest, most = np.array([one.transactions for one in kinds])[kind].T
    customer = np.repeat(np.arange(len(kind)), rng.integers(fewest, most, endpoint=True))
    last_days = np.array([one.last_day for one in kinds])[kind][customer]
    amounts = np.array([one.amount for one in kinds])[kind][customer]
    values = (amounts * np.exp(rng.normal(0, SPREAD, len(customer)))).round(2)
    seconds = (rng.random(len(customer)) * last_days * 24 * 3600).astype(np.int64)
    return _in_order(Transactions(customer, seconds, np.maximum(values, 0.01)))


def _with_interest(found: Transactions, customers: int, rng: np.random.Generator) -> Transactions:
    """Make each customer's latest transaction one of interest, at midnight of the last day."""
    latest = {int(number): place for place, number in enumerate(found.customer)}
    places = list(latest.values())
    found.moment[places] = DAYS * 24 * 3600
    found.amount[places] = rng.integers(1, 200, customers) / 100
    return _in_order(found)


def _with_refunds(found: Transactions, rng: np.random.Generator) -> Transactions:
    """Refund some orders, in part or whole; the refund counts as the customer's next order."""
    orders: dict[int, list[int]] = {}
    for place, number in enumerate(found.customer):
        orders.setdefault(int(number), []).append(place)
    chance = rng.random(len(found.customer))
    for places in orders.values():
        if len(places) == 1 and chance[places[0]] < REFUND_ALONE:
            found.amount[places] *= -1
        for order, refund in zip(places[:-1:2], places[1::2], strict=False):
            if chance[refund] < REFUNDED_ORDERS:
                found.amount[refund] = -found.amount[order]
    return found


def _in_order(found: Transactions) -> Transactions:
    order = np.argsort(found.moment, kind="stable")
    return Transactions(found.customer[order], found.moment[order], found.amount[order])


def _balances(
    kinds: Sequence[Kind], kind: Ints, found: Transactions, rng: np.random.Generator
) -> list[str]:
    levels = np.array([one.balance for one in kinds])[kind]
    levels = levels * np.exp(rng.normal(0, SPREAD, len(kind)))
    values = levels[found.customer] * (1 + rng.normal(0, 0.1, len(found.customer)))
    unknown = rng.random(len(values)) < UNKNOWN_SHARE
    return ["" if empty else f"{value:.2f}" for value, empty in zip(values, unknown, strict=True)]


def _of_customer(
    words: Sequence[str], shares: Sequence[float], found: Transactions, rng: np.random.Generator
) -> list[str]:
    """Return a word a transaction, the same for all of a customer."""
    customers = int(found.customer.max(initial=-1)) + 1
    chosen = rng.choice(len(words), customers, p=shares or None)
    return [words[chosen[number]] for number in found.customer]


def _ids(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(1, count + 1)]


def _times(moments: Ints, form: str) -> list[str]:
    return [format(START + timedelta(seconds=int(seconds)), form) for seconds in moments]


def main(arguments: Sequence[str] | None = None) -> None:
    """Write one bank's delivery and contract."""
    parser = argparse.ArgumentParser(description="Make up a bank of another shape.")
    parser.add_argument("bank", choices=list(BANKS))
    parser.add_argument("--customers", type=int, help="default: a few hundred to 1,500")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--output", type=Path, required=True, help="a folder for both files")
    options = parser.parse_args(arguments)
    customers = options.customers
    if customers is None:
        customers = BANKS[options.bank].customers
    delivery, contract = write_bank(
        options.bank, options.output, customers=customers, seed=options.seed
    )
    print(
        f"{customers:,} customers in {delivery}.\n"
        f"To segment them, set BANKSEG_CONTRACT={contract} and BANKSEG_DATA_DIR to a new folder, "
        "and put the delivery into its landing folder."
    )


if __name__ == "__main__":
    main()
