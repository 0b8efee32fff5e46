"""Rows, money and moments of transactions by the dimensions of the EDA report.

All are sums of integers and decimals: they add up over files exactly, in any order. So a delivery
adds the counts of its own files, and the result equals that of all files at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import sqrt
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.customers.rfm import is_income
from bankseg_assets.stats.histograms import log_bin, sets_by_id, signed_log

EDA_RULES = 1
"""Version of what is counted; raise it in the commit that changes any count."""
COUNTED = (
    ("day", "hour"),
    ("age", "gender", "outlier_flags"),
    ("location",),
    ("amount_bin",),
    ("balance_bin",),
)
"""Dimensions that are counted together. Spark processes every row once per grouping set, so
dimensions of few values share one and are separated afterwards: five sets instead of eight."""
CORRELATED = ("log_amount", "log_balance", "age", "hour")
PAIRS = tuple((a, b) for n, a in enumerate(CORRELATED) for b in CORRELATED[n + 1 :])
LOG_UNIT = 1000
"""Logarithms are summed in thousandths. Their squares are below 1.2e9 (19 digits of money), so a
sum of longs holds 7e9 rows, and Pearson's r of real money differs by less than 1e-5."""
MOMENTS = ("n", "x", "y", "xx", "yy", "xy")

Cell = tuple[int, Decimal]
"""Rows, and the sum of their amounts in the contract's currency."""


@dataclass(frozen=True)
class TransactionCounts:
    """Dimension -> value -> cell; and the moments of each pair of correlated values.

    `day` is in ISO format. `direction` covers all transactions, the rest excludes income.
    """

    cells: Mapping[str, Mapping[Any, Cell]]
    moments: Mapping[str, int]
    """`a~b:name` -> sum over the rows that have both values; names are `MOMENTS`."""

    def plus(self, other: "TransactionCounts", sign: int = 1) -> "TransactionCounts":
        """Return the sum, or the difference for `sign` -1; cells without rows are left out."""
        cells = {name: dict(of_name) for name, of_name in self.cells.items()}
        for name, added in other.cells.items():
            mine = cells.setdefault(name, {})
            for value, (rows, money) in added.items():
                count, total = mine.get(value, (0, Decimal(0)))
                mine[value] = (count + sign * rows, total + sign * money)
        moments = {
            name: self.moments.get(name, 0) + sign * other.moments.get(name, 0)
            for name in (*self.moments, *other.moments)
        }
        return TransactionCounts(
            {
                name: {value: cell for value, cell in of_name.items() if cell[0]}
                for name, of_name in cells.items()
            },
            moments,
        )

    def of(self, dimension: str) -> dict[Any, tuple[int, float]]:
        """Return value -> rows and money of a dimension."""
        return {v: (n, float(money)) for v, (n, money) in self.cells.get(dimension, {}).items()}

    @property
    def rows(self) -> int:
        """The number of transactions that are not income."""
        return sum(rows for rows, _ in self.cells.get("amount_bin", {}).values())

    @property
    def money(self) -> Decimal:
        """The sum of their amounts."""
        return sum((money for _, money in self.cells.get("amount_bin", {}).values()), Decimal(0))

    def missing(self, dimension: str) -> int:
        """Return the rows without a value of a dimension."""
        rows, _ = self.cells.get(dimension, {}).get(None, (0, Decimal(0)))
        return rows

    def pearson(self, a: str, b: str) -> tuple[int, float | None]:
        """Return the rows with both values, and Pearson's r; None if a value is constant."""
        n, x, y, xx, yy, xy = (self.moments.get(f"{a}~{b}:{name}", 0) for name in MOMENTS)
        spread = (n * xx - x * x) * (n * yy - y * y)  # exact: Python's integers do not overflow
        return n, (n * xy - x * y) / sqrt(spread) if spread > 0 else None

    def to_json(self) -> dict[str, Any]:
        """Return a document, equal for equal counts; money as text: JSON numbers are doubles."""
        cells = {
            name: [
                [value, rows, str(money)]
                for value, (rows, money) in sorted(of_name.items(), key=lambda item: str(item[0]))
            ]
            for name, of_name in self.cells.items()
        }
        return {"cells": cells, "moments": dict(self.moments)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "TransactionCounts":
        """Read a document. Raises KeyError, TypeError or ValueError if it is malformed."""
        return cls(
            {
                name: {value: (int(rows), Decimal(money)) for value, rows, money in cells}
                for name, cells in document["cells"].items()
            },
            {name: int(value) for name, value in document["moments"].items()},
        )


def count(
    cleaned: DataFrame, *, has_direction: bool = False, has_age: bool = False
) -> TransactionCounts:
    """Count transactions, in two passes; three if some of them are income.

    `has_direction`: whether some transactions are income. They are counted in `direction` only:
    one person's twenty salaries would fill a cell of twenty rows, and the customers' frequencies,
    which exclude income, would not show it. `has_age`: whether the bank delivers ages instead of
    birth dates.
    """
    counted = cleaned.where(~is_income(F.col("direction"))) if has_direction else cleaned
    rows = _prepared(counted, has_age=has_age)
    cells = _cells(rows)
    if has_direction:
        found = cleaned.groupBy("direction").agg(*_sums()).collect()
        cells["direction"] = {row["direction"]: _cell(row) for row in found}
    return TransactionCounts(cells, _moments(rows))


def _prepared(cleaned: DataFrame, *, has_age: bool) -> DataFrame:
    at = F.col("transaction_at")
    years = F.floor(F.months_between(at.cast("date"), F.col("birth_date")) / 12).cast("int")
    age = F.col("age") if has_age else years
    logs = {
        f"log_{name}": F.round(signed_log(F.col(name)) * LOG_UNIT).cast("long")
        for name in ("amount", "balance")
    }
    return cleaned.select(
        *("gender", "location", "amount", "outlier_flags"),
        age.alias("age"),
        F.to_date(at).alias("day"),
        F.hour(at).alias("hour"),
        log_bin(F.col("amount")).alias("amount_bin"),
        log_bin(F.col("balance")).alias("balance_bin"),
        *(column.alias(name) for name, column in logs.items()),
    )


def _sums() -> Iterable[Column]:
    return F.count(F.lit(1)).alias("_rows"), F.sum("amount").alias("_money")


def _cell(row: Any) -> Cell:
    return row["_rows"], row["_money"] or Decimal(0)


def _cells(rows: DataFrame) -> dict[str, dict[Any, Cell]]:
    names = [name for together in COUNTED for name in together]
    sets = [[F.col(name) for name in together] for together in COUNTED]
    grouped = rows.groupingSets(sets, *map(F.col, names)).agg(
        F.grouping_id().alias("_set"), *_sums()
    )
    owner = sets_by_id(names, COUNTED)
    found: dict[str, dict[Any, Cell]] = {name: {} for name in (*names, "weekday")}
    for row in grouped.collect():
        values = {name: row[name] for name in owner[row["_set"]]}
        if "day" in values:
            day: date | None = values["day"]
            values |= {"day": day and day.isoformat(), "weekday": day and day.isoweekday()}
        added, money = _cell(row)
        for name, value in values.items():
            count_, total = found[name].get(value, (0, Decimal(0)))
            found[name][value] = (count_ + added, total + money)
    return found


def _moments(rows: DataFrame) -> dict[str, int]:
    sums = [column for a, b in PAIRS for column in _moments_of(a, b)]
    (row,) = rows.agg(*sums).collect()
    return {name: value or 0 for name, value in row.asDict().items()}


def _moments_of(a: str, b: str) -> Sequence[Column]:
    x, y = F.col(a).cast("long"), F.col(b).cast("long")
    one = F.lit(1).cast("long")
    both = x.isNotNull() & y.isNotNull()
    terms = (one, x, y, x * x, y * y, x * y)
    return [
        F.sum(F.when(both, term)).alias(f"{a}~{b}:{name}")
        for name, term in zip(MOMENTS, terms, strict=True)
    ]
