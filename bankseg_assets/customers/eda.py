"""Compute the EDA report from the counts of transactions and the table of customers.

Cells of fewer than 11 customers are not shown. Cells count rows, and a hamlet's eleven rows may be
one person's; so a cell is shown if it has more rows than the ten most frequent customers together.
Counting the customers of every cell would cost another pass.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.tables import INCOME, SPENDING
from bankseg_assets.customers.transaction_counts import PAIRS, TransactionCounts
from bankseg_assets.presentation.disclosure import SMALLEST_CELL, is_small
from bankseg_assets.stats.histograms import bin_value, quantiles

TOP_LOCATIONS = 20
MOST_FREQUENT = 10  # stands for ten transactions or more
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)

Tables = dict[str, list[dict[str, Any]]]


def explore(
    counts: TransactionCounts,
    quarantined: DataFrame,
    rfm: DataFrame,
    *,
    has_direction: bool = False,
    has_age: bool = False,
) -> Tables:
    """Return the report's tables as lists of plain rows.

    `has_direction`, `has_age`: as the transactions were counted.
    """
    birth = "age" if has_age else "birth_date"
    nullable = {birth: "age", "gender": "gender", "location": "location", "balance": "balance_bin"}
    customers = _customers(rfm)
    fewest = fewest_rows({row["frequency"]: row["customers"] for row in customers})
    directions = {"directions": _directions(counts, rfm, fewest)} if has_direction else {}
    return directions | {
        "overview": _overview(counts, customers),
        "missing_values": _missing(counts, nullable, fewest),
        "quantiles": _quantile_rows(counts, fewest),
        "outliers": _outliers(counts.of("outlier_flags"), counts.rows, fewest),
        "correlations": _correlations(counts, fewest),
        "amount_distribution": _distribution(counts.of("amount_bin"), fewest),
        "balance_distribution": _distribution(counts.of("balance_bin"), fewest),
        "age_distribution": _table(counts.of("age"), "age", fewest),
        "transactions_by_day": _table(counts.of("day"), "day", fewest),
        "transactions_by_weekday": _table(counts.of("weekday"), "weekday", fewest),
        "transactions_by_hour": _table(counts.of("hour"), "hour", fewest),
        "genders": _table(counts.of("gender"), "gender", fewest),
        "locations": _top(_table(counts.of("location"), "location", fewest)),
        "quarantine_reasons": _reasons(quarantined),
        "frequencies": _frequencies(customers),
    }


def fewest_rows(customers: Mapping[int, int]) -> int:
    """Return the number of rows that guarantees at least 11 customers in a cell.

    `customers`: number of transactions -> customers with that many.

    >>> fewest_rows({1: 100, 2: 7, 6: 1})  # 6 + 7 x 2 + 2 x 1 rows can be of ten customers
    23
    """
    rows, left = 0, SMALLEST_CELL - 1
    for frequency in sorted(customers, reverse=True):
        taken = min(left, customers[frequency])
        rows, left = rows + taken * frequency, left - taken
    return rows + 1


def _directions(counts: TransactionCounts, rfm: DataFrame, fewest: int) -> list[dict[str, Any]]:
    """Return rows and money of spending, income and, if there are any, of neither."""
    paid = rfm.where("income <> 0").count()
    found = counts.of("direction")
    tables = []
    for direction, name in ((SPENDING, SPENDING), (INCOME, INCOME), (None, "unknown")):
        if direction not in found:
            continue
        rows, money = found[direction]
        hidden = is_small(paid) or not paid if direction == INCOME else rows < fewest
        if direction == INCOME:  # minus the other segments' sums, it would reveal a hidden one
            money = float(f"{money:.2g}")
        tables.append(
            {
                "direction": name,
                "rows": None if hidden else rows,
                "amount": None if hidden else money,
            }
        )
    return tables


def _customers(rfm: DataFrame) -> list[dict[str, Any]]:
    """Return a row per number of transactions: its customers, and conflicts among them."""
    rows = rfm.groupBy("frequency").agg(
        F.count(F.lit(1)).alias("customers"),
        F.count_if("identity_conflict").alias("conflicts"),
    )
    return [row.asDict() for row in rows.orderBy("frequency").collect()]


def _overview(
    counts: TransactionCounts, customers: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    days = sorted(filter(None, counts.of("day")))
    repeated = [row for row in customers if row["frequency"] > 1]
    repeat = sum(row["customers"] for row in repeated)
    conflicts = sum(row["conflicts"] for row in repeated)
    hidden = is_small(conflicts) or is_small(repeat - conflicts)
    known = sum(row["customers"] for row in customers)
    return [
        {
            "transactions": counts.rows,
            "customers": known,
            "amount_total": None if is_small(known) else float(counts.money),
            "first_day": days[0] if days else None,
            "last_day": days[-1] if days else None,
            "repeat_customers": None if is_small(repeat) else repeat,
            "identity_conflict_share_of_repeat": None if hidden else conflicts / max(repeat, 1),
        }
    ]


def _missing(
    counts: TransactionCounts, nullable: Mapping[str, str], fewest: int
) -> list[dict[str, Any]]:
    """Return missing values by column. `nullable`: column -> dimension that is null with it."""
    found = []
    for name, dimension in nullable.items():
        missing = counts.missing(dimension)
        # A column that is entirely empty reveals no one.
        shown = None if 0 < missing < min(fewest, counts.rows) else missing
        share = None if shown is None else shown / max(counts.rows, 1)
        found.append({"column": name, "missing": shown, "share": share})
    return found


def _quantile_rows(counts: TransactionCounts, fewest: int) -> list[dict[str, Any]]:
    """Drop quantiles with fewer than `fewest` rows below or above."""
    found = []
    for measure, name in (("amount", "amount_bin"), ("balance", "balance_bin")):
        histogram = {bin_: rows for bin_, (rows, _) in counts.of(name).items() if bin_ is not None}
        rows = sum(histogram.values())
        if histogram:
            values = quantiles(dict(sorted(histogram.items())), QUANTILES)
            named = {
                f"p{q * 100:g}": round(float(v), 2) if rows * min(q, 1 - q) >= fewest else None
                for q, v in zip(QUANTILES, values, strict=True)
            }
            found.append({"measure": measure, **named})
    return found


def _outliers(
    flags: Mapping[Any, tuple[int, float]], rows: int, fewest: int
) -> list[dict[str, Any]]:
    single: dict[str, int] = {}
    for combination, (count, _) in flags.items():
        for flag in (combination or "").split(","):
            if flag:
                single[flag] = single.get(flag, 0) + count
    return [
        {"flag": flag, "rows": count, "share": count / max(rows, 1)}
        for flag, count in sorted(single.items())
        if count >= fewest
    ]


def _correlations(counts: TransactionCounts, fewest: int) -> list[dict[str, Any]]:
    """Return Pearson's r of each pair; None if a value is constant or too few rows have both."""
    found = []
    for a, b in PAIRS:
        rows, r = counts.pearson(a, b)
        found.append({"a": a, "b": b, "pearson": r if rows >= fewest else None})
    return found


def _distribution(counts: Mapping[Any, tuple[int, float]], fewest: int) -> list[dict[str, Any]]:
    """Return bins twenty times coarser, each with its lower value: fine bins are too noisy."""
    coarse: dict[int, int] = {}
    for bin_, (rows, _) in counts.items():
        if bin_ is not None:
            coarse[bin_ // 20] = coarse.get(bin_ // 20, 0) + rows
    return [
        {"from": round(float(bin_value(20 * bin_)), 2), "rows": rows}
        for bin_, rows in sorted(coarse.items())
        if rows >= fewest
    ]


def _table(counts: Mapping[Any, tuple[int, float]], name: str, fewest: int) -> list[dict[str, Any]]:
    known = {value: cell for value, cell in counts.items() if value is not None}
    return [
        {name: value, "rows": rows, "amount": money}
        for value, (rows, money) in sorted(known.items())
        if rows >= fewest
    ]


def _top(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(table, key=lambda row: -row["rows"])[:TOP_LOCATIONS]


def _reasons(quarantined: DataFrame) -> list[dict[str, Any]]:
    rows = quarantined.groupBy("disposition", "reason").agg(F.count(F.lit(1)).alias("rows"))
    return [
        row.asDict() | {"rows": None if is_small(row["rows"]) else row["rows"]}
        for row in rows.orderBy("disposition", "reason").collect()
    ]


def _frequencies(customers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    capped: dict[int, int] = {}
    for row in customers:
        frequency = min(row["frequency"], MOST_FREQUENT)
        capped[frequency] = capped.get(frequency, 0) + row["customers"]
    return [
        {"frequency": frequency, "customers": count}
        for frequency, count in sorted(capped.items())
        if count >= SMALLEST_CELL
    ]
