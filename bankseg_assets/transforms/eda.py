"""Everything the EDA report shows, in three passes: one aggregation, one set of counts, customers.

Counts of fewer than 11 rows are left out of whatever people see: a cell of one is a person.
"""

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.transforms.histograms import bin_value, log_bin, quantiles

SMALLEST_CELL = 11
TOP_LOCATIONS = 20
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_NULLABLE = ("birth_date", "gender", "location", "balance")
_CORRELATED = ("log_amount", "log_balance", "age", "hour")

Tables = dict[str, list[dict[str, Any]]]


def explore(cleaned: DataFrame, quarantined: DataFrame, rfm: DataFrame) -> Tables:
    """Return the report's tables as lists of plain rows."""
    rows = _prepared(cleaned)
    totals = _totals(rows)
    counts = _counts(rows)
    return {
        "overview": _overview(totals, rfm),
        "missing_values": _missing(totals),
        "quantiles": _quantile_rows(counts),
        "outliers": _outliers(counts["outlier_flags"], totals["rows"]),
        "correlations": _correlations(totals),
        "amount_distribution": _distribution(counts["amount_bin"]),
        "balance_distribution": _distribution(counts["balance_bin"]),
        "age_distribution": _table(counts["age"], "age"),
        "transactions_by_day": _table(counts["day"], "day"),
        "transactions_by_weekday": _table(counts["weekday"], "weekday"),
        "transactions_by_hour": _table(counts["hour"], "hour"),
        "genders": _table(counts["gender"], "gender"),
        "locations": _top(_table(counts["location"], "location")),
        "quarantine_reasons": _reasons(quarantined),
        "frequencies": _frequencies(rfm),
    }


def _prepared(cleaned: DataFrame) -> DataFrame:
    at = F.col("transaction_at")
    age = F.floor(F.months_between(at.cast("date"), F.col("birth_date")) / 12).cast("int")
    return cleaned.select(
        *_NULLABLE,
        "amount",
        "outlier_flags",
        age.alias("age"),
        F.to_date(at).cast("string").alias("day"),
        F.hour(at).alias("hour"),
        (F.weekday(at) + 1).alias("weekday"),
        log_bin(F.col("amount")).alias("amount_bin"),
        log_bin(F.col("balance")).alias("balance_bin"),
        F.log1p(F.col("amount").cast("double")).alias("log_amount"),
        F.log1p(F.col("balance").cast("double")).alias("log_balance"),
    )


def _totals(rows: DataFrame) -> Mapping[str, Any]:
    pairs = [(a, b) for place, a in enumerate(_CORRELATED) for b in _CORRELATED[place + 1 :]]
    totals: Mapping[str, Any] = (
        rows.agg(
            F.count(F.lit(1)).alias("rows"),
            F.sum("amount").alias("money"),
            F.min("day").alias("first_day"),
            F.max("day").alias("last_day"),
            *(F.count(name).alias(f"known_{name}") for name in _NULLABLE),
            *(_correlation(a, b).alias(f"{a}~{b}") for a, b in pairs),
        )
        .collect()[0]
        .asDict()
    )
    return totals


def _correlation(a: str, b: str) -> Column:
    """Rows without either value are left out of the pair."""
    both = F.col(a).isNotNull() & F.col(b).isNotNull()
    return F.corr(F.when(both, F.col(a)), F.when(both, F.col(b)))


def _counts(rows: DataFrame) -> dict[str, dict[Any, tuple[int, float]]]:
    """Return, for each dimension, value -> (rows, sum of amounts), in one pass."""
    names = ["amount_bin", "balance_bin", "age", "day", "weekday", "hour", "gender", "location"]
    names.append("outlier_flags")
    columns = [F.col(name) for name in names]
    grouped = rows.groupingSets([[column] for column in columns], *columns).agg(
        F.grouping_id().alias("_set"),
        F.count(F.lit(1)).alias("_rows"),
        F.sum("amount").cast("double").alias("_money"),
    )
    everything = (1 << len(names)) - 1
    owner = {everything - (1 << (len(names) - 1 - place)): name for place, name in enumerate(names)}
    found: dict[str, dict[Any, tuple[int, float]]] = {name: {} for name in names}
    for row in grouped.collect():
        name = owner[row["_set"]]
        found[name][row[name]] = (row["_rows"], row["_money"])
    return found


def _overview(totals: Mapping[str, Any], rfm: DataFrame) -> list[dict[str, Any]]:
    customers = rfm.agg(
        F.count(F.lit(1)).alias("customers"),
        F.count_if(F.col("frequency") > 1).alias("repeat_customers"),
        F.count_if((F.col("frequency") > 1) & F.col("identity_conflict")).alias("conflicts"),
    ).collect()[0]
    repeat = customers["repeat_customers"]
    return [
        {
            "transactions": totals["rows"],
            "customers": customers["customers"],
            "amount_total": float(totals["money"] or 0),
            "first_day": totals["first_day"],
            "last_day": totals["last_day"],
            "repeat_customers": repeat,
            "identity_conflict_share_of_repeat": customers["conflicts"] / repeat if repeat else 0.0,
        }
    ]


def _missing(totals: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = max(totals["rows"], 1)
    return [
        {
            "column": name,
            "missing": totals["rows"] - totals[f"known_{name}"],
            "share": (totals["rows"] - totals[f"known_{name}"]) / rows,
        }
        for name in _NULLABLE
    ]


def _quantile_rows(counts: Mapping[str, Mapping[Any, tuple[int, float]]]) -> list[dict[str, Any]]:
    found = []
    for measure, name in (("amount", "amount_bin"), ("balance", "balance_bin")):
        histogram = {bin_: rows for bin_, (rows, _) in counts[name].items() if bin_ is not None}
        if histogram:
            values = quantiles(dict(sorted(histogram.items())), QUANTILES)
            named = {
                f"p{q * 100:g}": round(float(v), 2) for q, v in zip(QUANTILES, values, strict=True)
            }
            found.append({"measure": measure, **named})
    return found


def _outliers(flags: Mapping[Any, tuple[int, float]], rows: int) -> list[dict[str, Any]]:
    single: dict[str, int] = {}
    for combination, (count, _) in flags.items():
        for flag in (combination or "").split(","):
            if flag:
                single[flag] = single.get(flag, 0) + count
    return [
        {"flag": flag, "rows": count, "share": count / max(rows, 1)}
        for flag, count in sorted(single.items())
        if count >= SMALLEST_CELL
    ]


def _correlations(totals: Mapping[str, Any]) -> list[dict[str, Any]]:
    pairs = [name.split("~") for name in totals if "~" in name]
    return [{"a": a, "b": b, "pearson": totals[f"{a}~{b}"]} for a, b in pairs]


def _distribution(counts: Mapping[Any, tuple[int, float]]) -> list[dict[str, Any]]:
    """Return twenty times coarser bins, each with its lower value: fine bins would be noise."""
    coarse: dict[int, int] = {}
    for bin_, (rows, _) in counts.items():
        if bin_ is not None:
            coarse[bin_ // 20] = coarse.get(bin_ // 20, 0) + rows
    return [
        {"from": round(float(bin_value(20 * bin_)), 2), "rows": rows}
        for bin_, rows in sorted(coarse.items())
        if rows >= SMALLEST_CELL
    ]


def _table(counts: Mapping[Any, tuple[int, float]], name: str) -> list[dict[str, Any]]:
    known = {value: cell for value, cell in counts.items() if value is not None}
    return [
        {name: value, "rows": rows, "amount": money}
        for value, (rows, money) in sorted(known.items())
        if rows >= SMALLEST_CELL
    ]


def _top(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(table, key=lambda row: -row["rows"])[:TOP_LOCATIONS]


def _reasons(quarantined: DataFrame) -> list[dict[str, Any]]:
    rows = quarantined.groupBy("disposition", "reason").agg(F.count(F.lit(1)).alias("rows"))
    return [row.asDict() for row in rows.orderBy("disposition", "reason").collect()]


def _frequencies(rfm: DataFrame) -> list[dict[str, Any]]:
    capped = F.least("frequency", F.lit(10)).alias("frequency")
    rows = rfm.groupBy(capped).agg(F.count(F.lit(1)).alias("customers"))
    return [
        row.asDict()
        for row in rows.orderBy("frequency").collect()
        if row["customers"] >= SMALLEST_CELL
    ]
