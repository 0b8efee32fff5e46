"""Generate deliveries and contracts of three synthetic banks that differ from the demo data.

`python -m ops.demo.banks retail --customers 1500 --seed 7 --output FOLDER`

- retail: European: `;`, 1.234,56 and German months; lines above and below the records; spending in
  the column Soll, salaries and pensions in Haben; overdrawn accounts; no birth dates.
- current: 20 to 200 transactions per customer, and a fee for all on the last day, so that all
  customers have the same recency; no IDs, a column for the direction, the day in three
  columns, times with AM and PM, ages instead of birth dates.
- shop: a spreadsheet, or Parquet; instants with offsets, two currencies, quantity and unit price,
  cancelled orders that are excluded; no balance, gender or birth date; refunds; one customer in
  three has a second order.

The contracts are those of docs/contracts/.
"""

import argparse
import csv
import io
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.contracts.delivery import DeliveryContract, load_contract
from bankseg_assets.presentation.spreadsheet import Cell, write_xlsx
from bankseg_assets.runtime.settings import DEFAULT_CONTRACT
from bankseg_assets.storage.atomic_file import atomic_file

CONTRACTS = DEFAULT_CONTRACT.parent / "docs" / "contracts"
START = datetime(2025, 1, 1)
DAYS = 180
UNKNOWN_SHARE = 0.02  # of the values of a column that may be empty
SPREAD = 0.6  # of log-amounts within a kind of customer
REFUNDED_ORDERS = 0.15  # of customers with more than one order
REFUND_ALONE = 0.03  # of the others: the purchase is before the first day
ONE_ORDER = 2 / 3
DAYS_A_MONTH = 30
ONLY_INCOME = 0.02  # of the customers with a salary
CANCELLED_ORDERS = 0.05
CANADIAN_DOLLAR = 0.73  # US dollars
MAX_PIECES = 4  # in an order

CSV, XLSX, PARQUET = "csv", "xlsx", "parquet"

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Columns = dict[str, Sequence[Cell]]
"""Column name in the header -> values."""


class Kind(NamedTuple):
    """A latent type of customer, with typical values of its members."""

    share: float
    transactions: tuple[int, int]
    """Minimum and maximum."""
    amount: float
    balance: float
    last_day: int = DAYS
    salary: float = 0.0
    """Monthly income."""


class Bank(NamedTuple):
    """A bank's generator, its contract's name, and a number of customers quick to segment."""

    columns: Callable[[int, np.random.Generator], Columns]
    contract: str
    customers: int
    formats: tuple[str, ...] = (CSV,)
    """Supported file formats; the first is the default."""
    preamble: tuple[str, ...] = ()
    """Lines above the CSV header."""
    footer: str = ""
    """Last line of the CSV; {} stands for the number of records."""


class Transactions(NamedTuple):
    """Arrays with one element per transaction, in order of time."""

    customer: Ints
    moment: Ints
    """Seconds since START."""
    amount: Floats
    is_income: Bools


RETAIL = (
    Kind(0.40, (3, 15), 35, 900, salary=2_400),
    Kind(0.20, (1, 4), 400, 15_000),
    Kind(0.25, (4, 12), 25, -600, salary=1_300),
    Kind(0.15, (1, 3), 60, 300, last_day=60),
)
CURRENT = (
    Kind(0.35, (20, 60), 12, 350),
    Kind(0.40, (60, 140), 45, 2_500, salary=2_800),
    Kind(0.25, (120, 200), 320, 20_000, salary=9_000),
)
SHOP = (Kind(ONE_ORDER, (1, 1), 40, 0), Kind(0.25, (2, 5), 55, 0), Kind(0.08, (4, 14), 250, 0))
GERMAN_TOWNS = ("Köln", "München", "Hamburg", "Görlitz; Altstadt", "Trier", "")
BRITISH_TOWNS = ("Leeds", "Bath", "York", "London, East", "Stoke-on-Trent", "")
SHOP_ZONE = "America/New_York"
COUNTRIES = {
    "US": SHOP_ZONE,
    "Canada": "America/Vancouver",
    "Côte d'Ivoire": "Africa/Abidjan",
    "New Zealand": "Pacific/Auckland",
    "": SHOP_ZONE,
}
"""Country of the buyer -> time zone of the timestamps."""
GERMAN_MONTHS = (
    *("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September"),
    *("Oktober", "November", "Dezember"),
)


def write_bank(
    name: str,
    folder: Path,
    *,
    customers: int,
    seed: int,
    format: str = "",  # noqa: A002 - what callers and the command call it
) -> tuple[Path, Path]:
    """Write a bank's delivery and contract into a folder; deterministic for the same arguments.

    `format`: one of the bank's formats, by default the first. Returns the paths of both files. Each
    is written atomically.
    """
    if customers < 0 or seed < 0:
        raise ValueError(f"customers and seed must not be negative; they are {customers}, {seed}.")
    bank = BANKS[name]
    form = format or bank.formats[0]
    if form not in bank.formats:
        raise ValueError(f"{name} delivers as {' or '.join(bank.formats)}; found {form!r}.")
    source = CONTRACTS / bank.contract
    contract = load_contract(source)
    columns = bank.columns(customers, np.random.default_rng(seed))
    delivery = folder / f"{name}_transactions.{form}"
    with atomic_file(delivery) as file:
        if form == CSV:
            file.write(_csv(bank, columns, contract))
        elif form == XLSX:
            notes = [("Orders of the shop",), ("Amounts are quantity times unit price.",)]
            write_xlsx(file, {"Notes": notes, contract.layout.sheet: _records(columns)})
        else:
            _write_parquet(file, columns)
    with atomic_file(folder / bank.contract) as file, source.open("rb") as content:
        shutil.copyfileobj(content, file)
    return delivery, folder / bank.contract


def _records(columns: Columns) -> Iterator[Sequence[Cell]]:
    yield tuple(columns)
    yield from zip(*columns.values(), strict=True)


def _csv(bank: Bank, columns: Columns, contract: DeliveryContract) -> bytes:
    text = io.StringIO()
    text.writelines(f"{line}\n" for line in bank.preamble)
    records = list(_records(columns))
    csv.writer(text, delimiter=contract.delimiter, lineterminator="\n").writerows(records)
    if bank.footer:
        text.write(bank.footer.format(len(records) - 1) + "\n")
    return text.getvalue().encode(contract.encoding)


def _write_parquet(file: BinaryIO, columns: Columns) -> None:
    """Write typed columns, and a column of lists that is not in the contract."""
    table = pa.table({name: _arrow(values) for name, values in columns.items()})
    tags = pa.array([["web"]] * table.num_rows, pa.list_(pa.string()))
    pq.write_table(table.append_column("Tags", tags), file)


def _arrow(values: Sequence[Cell]) -> pa.Array:
    """Return a column with its inferred type; text if it is empty."""
    empty_as_null = [None if value == "" else value for value in values]
    return pa.array(empty_as_null, None if any(empty_as_null) else pa.string())


def _retail(customers: int, rng: np.random.Generator) -> Columns:
    kind = _kinds(RETAIL, customers, rng)
    found = _with_salaries(_transactions(RETAIL, kind, rng), RETAIL, kind, rng)
    amounts = [_german(value) for value in found.amount]
    return {
        "Buchungsnummer": _ids("B", len(found.customer)),
        "Kundennummer": [f"K{100_000 + number}" for number in found.customer],
        "Geschlecht": _of_customer(("m", "w", "d", ""), (0.49, 0.49, 0.01, 0.01), found, rng),
        "Ort": _of_customer(GERMAN_TOWNS, (), found, rng),
        "Kontostand": [
            "" if value is None else _german(value) for value in _balances(RETAIL, kind, found, rng)
        ],
        "Buchungszeit": [
            f"{moment.day}. {GERMAN_MONTHS[moment.month - 1]} {moment:%Y %H:%M:%S}"
            for moment in _moments(found)
        ],
        "Soll": _where(~found.is_income, amounts),
        "Haben": _where(found.is_income, amounts),
    }


def _current(customers: int, rng: np.random.Generator) -> Columns:
    kind = _kinds(CURRENT, customers, rng)
    spent = _with_fees(_transactions(CURRENT, kind, rng), customers, rng)
    found = _with_salaries(spent, CURRENT, kind, rng, only_income=0.0)
    years = [str(age) for age in rng.integers(18, 80, customers)]
    ages = [
        "" if empty else age for age, empty in zip(years, _unknown(customers, rng), strict=True)
    ]
    moments = _moments(found)
    return {
        "account": [f"{20_000_000 + number}" for number in found.customer],
        "age": [ages[number] for number in found.customer],
        "sex": _of_customer(("female", "male", ""), (0.5, 0.48, 0.02), found, rng),
        "town": _of_customer(BRITISH_TOWNS, (), found, rng),
        "balance": [
            "" if value is None else f"{value:.2f}"
            for value in _balances(CURRENT, kind, found, rng)
        ],
        "day": [str(moment.day) for moment in moments],
        "month": [f"{moment:%b}" for moment in moments],
        "year": [str(moment.year) for moment in moments],
        "time": [f"{(moment.hour - 1) % 12 + 1}:{moment:%M %p}" for moment in moments],
        "type": ["CR" if income else "DR" for income in found.is_income],
        "amount": [f"{value:.2f}" for value in found.amount],
    }


def _shop(customers: int, rng: np.random.Generator) -> Columns:
    ordered = _with_refunds(_transactions(SHOP, _kinds(SHOP, customers, rng), rng), rng)
    found, is_cancelled = _with_cancelled(ordered, rng)
    countries = _of_customer(tuple(COUNTRIES), (), found, rng)
    pieces = rng.integers(1, MAX_PIECES, len(found.customer), endpoint=True)
    is_canadian = np.array([country == "Canada" for country in countries], dtype=bool)
    totals = np.abs(found.amount) / np.where(is_canadian, CANADIAN_DOLLAR, 1.0)
    prices = np.maximum((totals / pieces).round(2), 0.01)
    signs = np.sign(found.amount).astype(np.int64)
    zone = ZoneInfo(SHOP_ZONE)
    return {
        "Order": [
            f"{'R' if sign < 0 else 'O'}-{number}" for number, sign in enumerate(signs, start=1)
        ],
        "Buyer": [f"{70_000 + number}" for number in found.customer],
        "Country": countries,
        "Placed": [
            moment.replace(tzinfo=zone).astimezone(ZoneInfo(COUNTRIES[country])).isoformat()
            for moment, country in zip(_moments(found), countries, strict=True)
        ],
        "Status": [
            "Cancelled" if cancelled else "Refunded" if sign < 0 else "Shipped"
            for cancelled, sign in zip(is_cancelled, signs, strict=True)
        ],
        "Quantity": (signs * pieces).tolist(),
        "Unit price": prices.tolist(),
        "Currency": ["CAD" if canadian else "USD" for canadian in is_canadian],
    }


BANKS = {
    "retail": Bank(
        _retail,
        "retail_bank.toml",
        1_500,
        preamble=("Umsätze aller Girokonten", "Stand: 1. Juli 2025; vertraulich", ""),
        footer="Summe: {} Umsätze",
    ),
    "current": Bank(_current, "current_accounts.toml", 300),
    "shop": Bank(_shop, "shop.toml", 1_500, (XLSX, PARQUET, CSV)),
}


def transactions_of(
    kinds: Sequence[Kind], customers: int, rng: np.random.Generator
) -> Transactions:
    """Return the transactions of customers of these kinds, without income."""
    return _transactions(kinds, _kinds(kinds, customers, rng), rng)


def _kinds(kinds: Sequence[Kind], customers: int, rng: np.random.Generator) -> Ints:
    """Return the index of each customer's kind; shares are exact for any number of customers."""
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
    is_income = np.zeros(len(customer), dtype=bool)
    return _in_order(Transactions(customer, seconds, np.maximum(values, 0.01), is_income))


def _with_fees(found: Transactions, customers: int, rng: np.random.Generator) -> Transactions:
    """Make each customer's latest transaction a fee, at midnight of the last day."""
    latest = {int(number): place for place, number in enumerate(found.customer)}
    places = list(latest.values())
    found.moment[places] = DAYS * 24 * 3600
    found.amount[places] = rng.integers(1, 200, customers) / 100
    return _in_order(found)


def _with_salaries(
    found: Transactions,
    kinds: Sequence[Kind],
    kind: Ints,
    rng: np.random.Generator,
    *,
    only_income: float = ONLY_INCOME,
) -> Transactions:
    """Add monthly income; some customers have no other transactions."""
    salaries = np.array([one.salary for one in kinds])[kind]
    paid = np.flatnonzero(salaries)
    months = DAYS // DAYS_A_MONTH
    customer = np.repeat(paid, months)
    days = np.tile(np.arange(1, months + 1) * DAYS_A_MONTH - 3, len(paid))
    own = salaries[paid] * np.exp(rng.normal(0, SPREAD / 3, len(paid)))
    kept = ~np.isin(found.customer, paid[rng.random(len(paid)) < only_income])
    return _in_order(
        Transactions(
            np.concatenate([found.customer[kept], customer]),
            np.concatenate([found.moment[kept], days * 24 * 3600]),
            np.concatenate([found.amount[kept], np.repeat(own, months).round(2)]),
            np.concatenate([found.is_income[kept], np.ones(len(customer), dtype=bool)]),
        )
    )


def _with_cancelled(found: Transactions, rng: np.random.Generator) -> tuple[Transactions, Bools]:
    """Add cancelled orders of ten times the amount, a minute before the real order."""
    picked = np.flatnonzero(
        (rng.random(len(found.customer)) < CANCELLED_ORDERS) & (found.amount > 0)
    )
    cancelled = Transactions(
        found.customer[picked],
        np.maximum(found.moment[picked] - 60, 0),
        found.amount[picked] * 10,
        found.is_income[picked],
    )
    both = Transactions._make(
        np.concatenate([one, other]) for one, other in zip(found, cancelled, strict=True)
    )
    is_cancelled = np.arange(len(both.customer)) >= len(found.customer)
    return _in_order(both), is_cancelled[_order(both)]


def _with_refunds(found: Transactions, rng: np.random.Generator) -> Transactions:
    """Add partial or full refunds of some orders; each is the customer's next transaction."""
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


def _order(found: Transactions) -> Ints:
    return np.argsort(found.moment, kind="stable")


def _in_order(found: Transactions) -> Transactions:
    order = _order(found)
    return Transactions._make(column[order] for column in found)


def _balances(
    kinds: Sequence[Kind], kind: Ints, found: Transactions, rng: np.random.Generator
) -> list[float | None]:
    levels = np.array([one.balance for one in kinds])[kind]
    levels = levels * np.exp(rng.normal(0, SPREAD, len(kind)))
    values = levels[found.customer] * (1 + rng.normal(0, 0.1, len(found.customer)))
    unknown = _unknown(len(values), rng)
    return [None if empty else float(value) for value, empty in zip(values, unknown, strict=True)]


def _unknown(count: int, rng: np.random.Generator) -> Bools:
    return rng.random(count) < UNKNOWN_SHARE


def _german(value: float) -> str:
    """Return an amount in German notation, such as 1.234,56."""
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def _where(chosen: Bools, texts: Sequence[str]) -> list[str]:
    """Return the texts where `chosen` is true, and empty texts elsewhere."""
    return [text if here else "" for here, text in zip(chosen, texts, strict=True)]


def _of_customer(
    words: Sequence[str], shares: Sequence[float], found: Transactions, rng: np.random.Generator
) -> list[str]:
    """Return a word per transaction, the same for all transactions of a customer."""
    customers = int(found.customer.max(initial=-1)) + 1
    chosen = rng.choice(len(words), customers, p=shares or None)
    return [words[chosen[number]] for number in found.customer]


def _ids(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(1, count + 1)]


def _moments(found: Transactions) -> list[datetime]:
    return [START + timedelta(seconds=int(seconds)) for seconds in found.moment]


def main(arguments: Sequence[str] | None = None) -> None:
    """Write one bank's delivery and contract."""
    parser = argparse.ArgumentParser(description="Generate the delivery of a synthetic bank.")
    parser.add_argument("bank", choices=list(BANKS))
    parser.add_argument("--customers", type=int, help="default: a few hundred to 1,500")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--format", default="", help="shop: xlsx (the default), parquet or csv")
    parser.add_argument("--output", type=Path, required=True, help="a folder for both files")
    options = parser.parse_args(arguments)
    customers = options.customers
    if customers is None:
        customers = BANKS[options.bank].customers
    delivery, contract = write_bank(
        options.bank,
        options.output,
        customers=customers,
        seed=options.seed,
        format=options.format,
    )
    print(
        f"{customers:,} customers in {delivery}.\n"
        f"To segment them, set BANKSEG_CONTRACT={contract} and BANKSEG_DATA_DIR to a new folder, "
        "and put the delivery into its landing folder."
    )


if __name__ == "__main__":
    main()
