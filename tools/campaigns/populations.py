"""Customers with their transactions, from the generators of demo data."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from bankseg_assets.campaigns.transaction_sums import Sums
from bankseg_assets.stats.arrays import Array, Labels
from ops.demo.banks import CURRENT, DAYS, START, transactions_of
from ops.demo.transactions import HEADER, demo_chunks

SEED = 7
_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Population:
    """Transactions by customer: its place, the day since `first`, and the amount.

    starts_on, days: of the campaigns that are simulated; the history lies before.
    """

    name: str
    customers: int
    first: date
    customer: Labels
    day: Labels
    amount: Array
    starts_on: date
    days: int

    def place(self, day: date) -> int:
        """Return a day as the number of days since the first."""
        return (day - self.first).days

    def sums(self, edges: Sequence[date]) -> Sums:
        """Return the sums of each customer from each edge until before the next."""
        return self.sums_of(edges, np.ones(len(self.day)))

    def sums_of(self, edges: Sequence[date], times: Array) -> Sums:
        """Return the same with each transaction so many times."""
        places = np.array([self.place(edge) for edge in edges])
        stretch = np.searchsorted(places, self.day, side="right") - 1
        width = len(edges) - 1
        known = (stretch >= 0) & (stretch < width)
        cell = self.customer[known] * width + stretch[known]
        shape = (self.customers, width)
        spend, counts = (
            np.bincount(cell, weights[known], shape[0] * width).astype(np.float64).reshape(shape)
            for weights in (self.amount * times, times)
        )
        return Sums(spend, counts)

    def first_days(self) -> Labels:
        """Return the day of each customer's first transaction."""
        found = np.full(self.customers, np.iinfo(np.int64).max)
        np.minimum.at(found, self.customer, self.day)
        return found


def demo_bank(rows: int) -> Population:
    """Return the customers of the demo data: most have one or two transactions.

    Campaigns run from 1 to 14 September: after the 15th, the demo data, like the real file, have
    transactions on a few days only.
    """
    names = HEADER.split(",")
    place = {name: names.index(name) for name in ("CustomerID", "TransactionDate")}
    ids, days, amounts = [], [], []
    for lines in demo_chunks(rows=rows, seed=SEED):
        for record in csv.reader(lines):
            try:
                amount = float(record[-1])
                on = datetime.strptime(record[place["TransactionDate"]], "%d/%m/%y").date()
            except ValueError:
                continue  # an odd value, which the platform quarantines
            ids.append(record[place["CustomerID"]])
            days.append(on.toordinal())
            amounts.append(amount)
    known, customer = np.unique(np.array(ids), return_inverse=True)
    first = date.fromordinal(min(days))
    return Population(
        name="demo",
        customers=len(known),
        first=first,
        customer=customer.astype(np.int64),
        day=np.array(days, np.int64) - first.toordinal(),
        amount=np.array(amounts),
        starts_on=date(first.year, 9, 1),
        days=14,
    )


def busy_bank(customers: int) -> Population:
    """Return the customers of a bank of current accounts: 20 to 200 transactions in half a year."""
    found = transactions_of(CURRENT, customers, np.random.default_rng(SEED))
    first = START.date()
    return Population(
        name="current accounts",
        customers=customers,
        first=first,
        customer=found.customer,
        day=found.moment // _SECONDS,
        amount=found.amount,
        starts_on=first + timedelta(days=DAYS - 30),
        days=30,
    )
