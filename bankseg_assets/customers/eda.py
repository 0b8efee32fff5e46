"""Compute the EDA report in three passes: one aggregation, one set of counts, customers.

Cells of fewer than 11 customers are not shown. Cells count rows, and a hamlet's eleven rows may be
one person's; so a cell is shown if it has more rows than the ten most frequent customers together.
Counting the customers of every cell would cost another pass.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from math import isnan
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.tables import INCOME, SPENDING
from bankseg_assets.customers.rfm import is_income
from bankseg_assets.presentation.disclosure import SMALLEST_CELL, is_small
from bankseg_assets.stats.histograms import bin_value, log_bin, quantiles, sets_by_id, signed_log

TOP_LOCATIONS = 20
MOST_FREQUENT = 10  # stands for ten transactions or more
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_NULLABLE = ("birth_date", "gender", "location", "balance")
_COUNTED = (
    ("day", "hour"),
    ("age", "gender", "outlier_flags"),
    ("location",),
    ("amount_bin",),
    ("balance_bin",),
)
_CORRELATED = ("log_amount", "log_balance", "age", "hour")

Tables = dict[str, list[dict[str, Any]]]


def explore(
    cleaned: DataFrame,
    quarantined: DataFrame,
    rfm: DataFrame,
    *,
    has_direction: bool = False,
    has_age: bool = False,
) -> Tables:
    """Return the report's tables as lists of plain rows.

    `has_direction`: whether some transactions are income. They are counted in `directions` only:
    one person's twenty salaries would fill a cell of twenty rows, and the customers' frequencies,
    which exclude income, would not show it. `has_age`: whether the bank delivers ages instead of
    birth dates.
    """
    counted = cleaned.where(~is_income(F.col("direction"))) if has_direction else cleaned
    rows = _prepared(counted, has_age=has_age)
    nullable = ("age", *_NULLABLE[1:]) if has_age else _NULLABLE
    totals = _totals(rows, nullable)
    counts = _counts(rows)
    customers = _customers(rfm)
    fewest = fewest_rows({row["frequency"]: row["customers"] for row in customers})
    directions = {"directions": _directions(cleaned, rfm, fewest)} if has_direction else {}
    return directions | {
        "overview": _overview(totals, customers),
        "missing_values": _missing(totals, nullable, fewest),
        "quantiles": _quantile_rows(counts, fewest),
        "outliers": _outliers(counts["outlier_flags"], totals["rows"], fewest),
        "correlations": _correlations(totals, fewest),
        "amount_distribution": _distribution(counts["amount_bin"], fewest),
        "balance_distribution": _distribution(counts["balance_bin"], fewest),
        "age_distribution": _table(counts["age"], "age", fewest),
        "transactions_by_day": _table(counts["day"], "day", fewest),
        "transactions_by_weekday": _table(counts["weekday"], "weekday", fewest),
        "transactions_by_hour": _table(counts["hour"], "hour", fewest),
        "genders": _table(counts["gender"], "gender", fewest),
        "locations": _top(_table(counts["location"], "location", fewest)),
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


def _prepared(cleaned: DataFrame, *, has_age: bool) -> DataFrame:
    at = F.col("transaction_at")
    years = F.floor(F.months_between(at.cast("date"), F.col("birth_date")) / 12).cast("int")
    age = F.col("age") if has_age else years
    return cleaned.select(
        *_NULLABLE,
        "amount",
        "outlier_flags",
        age.alias("age"),
        F.to_date(at).alias("day"),
        F.hour(at).alias("hour"),
        log_bin(F.col("amount")).alias("amount_bin"),
        log_bin(F.col("balance")).alias("balance_bin"),
        signed_log(F.col("amount")).alias("log_amount"),
        signed_log(F.col("balance")).alias("log_balance"),
    )


def _totals(rows: DataFrame, nullable: Sequence[str]) -> Mapping[str, Any]:
    pairs = [(a, b) for place, a in enumerate(_CORRELATED) for b in _CORRELATED[place + 1 :]]
    totals: Mapping[str, Any] = (
        rows.agg(
            F.count(F.lit(1)).alias("rows"),
            F.sum("amount").alias("money"),
            # Dates, not their texts: for the minimum of texts, Spark sorts.
            F.min("day").alias("first_day"),
            F.max("day").alias("last_day"),
            *(F.count(name).alias(f"known_{name}") for name in nullable),
            *(_correlation(a, b).alias(f"{a}~{b}") for a, b in pairs),
            *(F.count_if(_both(a, b)).alias(f"rows_{a}~{b}") for a, b in pairs),
        )
        .collect()[0]
        .asDict()
    )
    return totals


def _correlation(a: str, b: str) -> Column:
    """Return Pearson's r; rows that lack either value are excluded."""
    both = _both(a, b)
    return F.corr(F.when(both, F.col(a)), F.when(both, F.col(b)))


def _both(a: str, b: str) -> Column:
    return F.col(a).isNotNull() & F.col(b).isNotNull()


def _counts(rows: DataFrame) -> dict[str, dict[Any, tuple[int, float]]]:
    """Return, for each dimension, value -> (rows, sum of amounts), in one pass.

    Spark processes every row once per grouping set. Dimensions with few values are counted together
    and separated here: five sets instead of nine.
    """
    names = [name for together in _COUNTED for name in together]
    sets = [[F.col(name) for name in together] for together in _COUNTED]
    grouped = rows.groupingSets(sets, *map(F.col, names)).agg(
        F.grouping_id().alias("_set"),
        F.count(F.lit(1)).alias("_rows"),
        F.sum("amount").alias("_money"),
    )
    owner = sets_by_id(names, _COUNTED)
    exact: dict[str, dict[Any, tuple[int, Decimal]]] = {name: {} for name in (*names, "weekday")}
    for row in grouped.collect():
        values = {name: row[name] for name in owner[row["_set"]]}
        if "day" in values:
            day: date | None = values["day"]
            values |= {"day": _iso(day), "weekday": None if day is None else day.isoweekday()}
        for name, value in values.items():
            count, money = exact[name].get(value, (0, Decimal(0)))
            exact[name][value] = (count + row["_rows"], money + (row["_money"] or 0))
    return {
        name: {value: (count, float(money)) for value, (count, money) in cells.items()}
        for name, cells in exact.items()
    }


def _directions(cleaned: DataFrame, rfm: DataFrame, fewest: int) -> list[dict[str, Any]]:
    """Return rows and money of spending, income and, if there are any, of neither."""
    paid = rfm.where("income <> 0").count()
    found = {
        row["direction"]: row
        for row in cleaned.groupBy("direction")
        .agg(F.count(F.lit(1)).alias("rows"), F.sum("amount").alias("amount"))
        .collect()
    }
    tables = []
    for direction, name in ((SPENDING, SPENDING), (INCOME, INCOME), (None, "unknown")):
        if direction not in found:
            continue
        rows, money = found[direction]["rows"], float(found[direction]["amount"])
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


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _customers(rfm: DataFrame) -> list[dict[str, Any]]:
    """Return a row per number of transactions: its customers, and conflicts among them."""
    rows = rfm.groupBy("frequency").agg(
        F.count(F.lit(1)).alias("customers"),
        F.count_if("identity_conflict").alias("conflicts"),
    )
    return [row.asDict() for row in rows.orderBy("frequency").collect()]


def _overview(
    totals: Mapping[str, Any], customers: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    repeated = [row for row in customers if row["frequency"] > 1]
    repeat = sum(row["customers"] for row in repeated)
    conflicts = sum(row["conflicts"] for row in repeated)
    hidden = is_small(conflicts) or is_small(repeat - conflicts)
    known = sum(row["customers"] for row in customers)
    return [
        {
            "transactions": totals["rows"],
            "customers": known,
            "amount_total": None if is_small(known) else float(totals["money"] or 0),
            "first_day": _iso(totals["first_day"]),
            "last_day": _iso(totals["last_day"]),
            "repeat_customers": None if is_small(repeat) else repeat,
            "identity_conflict_share_of_repeat": None if hidden else conflicts / max(repeat, 1),
        }
    ]


def _missing(
    totals: Mapping[str, Any], nullable: Sequence[str], fewest: int
) -> list[dict[str, Any]]:
    found = []
    for name in nullable:
        missing = totals["rows"] - totals[f"known_{name}"]
        # A column that is entirely empty reveals no one.
        shown = None if 0 < missing < min(fewest, totals["rows"]) else missing
        share = None if shown is None else shown / max(totals["rows"], 1)
        found.append({"column": name, "missing": shown, "share": share})
    return found


def _quantile_rows(
    counts: Mapping[str, Mapping[Any, tuple[int, float]]], fewest: int
) -> list[dict[str, Any]]:
    """Drop quantiles with fewer than `fewest` rows below or above."""
    found = []
    for measure, name in (("amount", "amount_bin"), ("balance", "balance_bin")):
        histogram = {bin_: rows for bin_, (rows, _) in counts[name].items() if bin_ is not None}
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


def _correlations(totals: Mapping[str, Any], fewest: int) -> list[dict[str, Any]]:
    """Return Pearson's r of each pair; None if a value is constant or too few rows have both."""
    found = []
    for name in totals:
        if "~" in name and not name.startswith("rows_"):
            a, b = name.split("~")
            r = totals[name] if totals[f"rows_{name}"] >= fewest else None
            found.append({"a": a, "b": b, "pearson": None if r is None or isnan(r) else r})
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
