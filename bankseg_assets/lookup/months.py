"""A customer's transactions by month."""

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bankseg_assets.contracts.tables import CLEANED_TRANSACTIONS, INCOME
from bankseg_assets.lookup.customer import Customer, rows_of_customer
from bankseg_assets.release.key_column import key_column
from bankseg_assets.release.releases import Release

MOST_MONTHS = 36
NO_MONTHS = (
    "Transactions by month are not available, because the customer key is not a column of the "
    "transactions but an expression."
)
_COLUMNS = ("transaction_at", "amount", "direction")


@dataclass(frozen=True)
class Month:
    """A month of a customer: number and sum of the transactions, income apart.

    `month`: its first day.
    """

    month: datetime.date
    transactions: int = 0
    amount: Decimal = Decimal(0)
    income: Decimal = Decimal(0)


def months_of(release: Release, customer: Customer) -> list[Month] | None:
    """Return the months from the first transaction to the end of the data, at most the last 36.

    A month without transactions is included. None if the key is not a column. The transactions are
    in the order of the files: all keys are read, 50 ms of a core for a million transactions. Raises
    LookupFailedError.
    """
    column = key_column(release)
    if column is None:
        return None
    # Without income, the number of transactions is known, and the search may stop early.
    known = None if "income" in customer.measures else round(customer.measures["frequency"])
    rows = rows_of_customer(
        release,
        CLEANED_TRANSACTIONS.name,
        customer.customer_id,
        _COLUMNS,
        column=column,
        limit=known,
    )
    day = customer.snapshot_date
    return by_month(rows, day and day - datetime.timedelta(days=1))


def by_month(rows: Iterable[Mapping[str, Any]], newest: datetime.date | None = None) -> list[Month]:
    """Return the months of some transactions, at most the last 36.

    `newest`: the last day of the data, up to which months without transactions are included.

    >>> day, amount = datetime.datetime(2016, 9, 30), Decimal("5.50")
    >>> [str(one.amount) for one in by_month([{"transaction_at": day, "amount": amount}])]
    ['5.50']
    """
    found: dict[datetime.date, Month] = {}
    for row in rows:
        first = row["transaction_at"].date().replace(day=1)
        before = found.get(first, Month(first))
        is_income = row.get("direction") == INCOME
        found[first] = Month(
            first,
            before.transactions + (not is_income),
            before.amount + (0 if is_income else row["amount"]),
            before.income + (row["amount"] if is_income else 0),
        )
    if not found:
        return []
    every = list(_from_to(min(found), max([*found, newest or min(found)])))
    return [found.get(month, Month(month)) for month in every[-MOST_MONTHS:]]


def _from_to(first: datetime.date, last: datetime.date) -> Iterator[datetime.date]:
    while first <= last:
        yield first
        first = (first + datetime.timedelta(days=31)).replace(day=1)
