"""Compute recency, frequency, monetary, their scores and the named RFM group per customer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.tables import INCOME, MONEY_DIGITS, RFM_TABLE, money_type
from bankseg_assets.contracts.value_ranges import OLDEST_YEARS
from bankseg_assets.stats.histograms import Histogram, bin_value, histograms, log_bin

MEASURES = (
    *("customer_id", "recency", "frequency", "monetary", "average_amount", "first_day"),
    *(
        "active_days",
        "average_balance",
        "latest_balance",
        "income",
        "birth_date",
        "age",
        "gender",
        "location",
        "identity_conflict",
    ),
    "snapshot_date",
)
"""Columns of `customers`: RFM_TABLE without those that depend on all customers together."""

RARELY_KNOWN = ("direction", "age")
"""Columns of CLEANED_TRANSACTIONS that few banks deliver."""

LOWER_BITS = (1 << 32) - 1
SCORES = 5
MIDDLE_SCORE = 3
HELD_OUT_SHARE = 0.2
SPLIT_SEED = 20_160_801
FEWEST_TO_SPLIT = 200
"""Customers, to hold some out: a fifth of fewer is too small for a test, and too many to lose."""

# The classic grid (as in the RFM literature and marketing tools): the first match applies;
# `f` and `m` scores are averaged, because they agree for most customers.
GROUPS: tuple[tuple[str, str], ...] = (
    ("Champions", "r >= 5 AND fm >= 4"),
    ("Loyal customers", "r >= 3 AND fm >= 4"),
    ("Cannot lose them", "r <= 2 AND fm >= 4.5"),
    ("At risk", "r <= 2 AND fm >= 3"),
    ("Potential loyalists", "r >= 4 AND fm >= 2.5"),
    ("New customers", "r >= 5"),
    ("Promising", "r = 4"),
    ("Need attention", "r = 3 AND fm >= 2.5"),
    ("About to sleep", "r = 3"),
    ("Hibernating", "r = 2"),
    ("Lost", "TRUE"),
)


Ints = npt.NDArray[np.int64]


def snapshot_date(cleaned: DataFrame) -> date:
    """Return the day after the newest transaction, to which recency counts.

    Raises ValueError for a table without rows.
    """
    newest = cleaned.agg(F.max("transaction_at")).collect()[0][0]
    if newest is None:
        raise ValueError(
            "cleaned_transactions is empty, so there is no snapshot date. "
            "See quarantined_transactions for the rows and the reasons."
        )
    day: date = newest.date() + timedelta(days=1)
    return day


def require_key(cleaned: DataFrame, customer_key: str) -> None:
    """Raise ValueError if the key is not an expression over one row."""
    try:
        # As a condition, where Spark also refuses aggregates, windows and generators.
        _ = cleaned.where(F.expr(customer_key).isNotNull()).schema
    except (AnalysisException, ParseException) as error:
        raise ValueError(
            f"The customer key `{customer_key}` is invalid ({error.getCondition()}); expected a "
            "column of cleaned_transactions, or an expression over its columns."
        ) from None  # Spark's message is a page of Java


def is_income(direction: Column) -> Column:
    """Return whether a transaction is income; an unknown direction counts as spending."""
    return F.coalesce(direction == INCOME, F.lit(False))


def customers(
    cleaned: DataFrame,
    *,
    customer_key: str,
    snapshot: date,
    known: Collection[str] = RARELY_KNOWN,
) -> DataFrame:
    """Aggregate the transactions of each customer to MEASURES, without scores.

    Recency, frequency and monetary exclude income; customers with only income are left out.
    Attributes and balances use all transactions: a salary shows the latest balance and location as
    a purchase does.

    Money is summed as integers, so that the sum does not depend on the order of rows. Transactions
    whose customer key is null are left out.

    `known`: the columns of RARELY_KNOWN with any value; the others are not computed.
    """
    computed = _Computed(
        unit=10 ** cleaned.schema["amount"].dataType.scale,  # type: ignore[attr-defined]
        direction="direction" in known,
        age="age" in known,
    )
    rows = _rows_of(cleaned, customer_key, computed)
    return _measures(_aggregated(rows, computed), snapshot, computed)


@dataclass(frozen=True)
class _Computed:
    """What is computed: money in units of 1/unit, and whether RARELY_KNOWN columns are."""

    unit: int
    direction: bool
    age: bool


def _rows_of(cleaned: DataFrame, customer_key: str, computed: _Computed) -> DataFrame:
    """Return what each transaction contributes to its customer."""
    cents = (F.col("amount") * computed.unit).cast("bigint")
    balance_cents = (F.col("balance") * computed.unit).cast("bigint")
    income = is_income(F.col("direction"))
    by_direction = {
        "counted_at": F.when(~income, F.col("transaction_at")),
        "cents": F.when(~income, cents),
        "income_cents": F.when(income, cents),
        "direction": F.col("direction"),
    }
    spent = by_direction if computed.direction else {"cents": cents}
    return cleaned.select(
        F.expr(customer_key).cast("string").alias("customer_id"),
        F.struct("transaction_at", "transaction_id").alias("moment"),
        *(column.alias(name) for name, column in spent.items()),
        balance_cents.alias("balance_cents"),
        "balance",
        "birth_date",
        *(["age"] if computed.age else []),
        "gender",
        "location",
    )


def _aggregated(rows: DataFrame, computed: _Computed) -> DataFrame:
    """Return the sums and the latest values of each customer."""
    latest = F.max(F.struct("moment", "birth_date", "gender", "location"))
    at_balance = F.max(F.when(F.col("balance").isNotNull(), F.struct("moment", "balance")))
    of_income = (
        F.max("counted_at").alias("counted_at"),
        *_sum_parts("income_cents"),
        F.count("direction").alias("directions"),
    )
    at_age = F.max(F.when(F.col("age").isNotNull(), F.struct("moment", "age"))).alias("at_age")
    # Spark sorts to find the latest row. 84 % of customers have one row, so sorting before the
    # shuffle as well would be wasted.
    grouped = (
        rows.repartition("customer_id")
        .where("customer_id IS NOT NULL")
        .groupBy("customer_id")
        .agg(
            latest.alias("latest"),
            at_balance.alias("at_balance"),
            F.min(_day(computed)).alias("first_day"),
            F.size(F.collect_set(_day(computed))).alias("active_days"),
            F.count("cents").cast("int").alias("frequency"),
            *_sum_parts("cents"),
            *_sum_parts("balance_cents"),
            F.count("balance_cents").alias("balances"),
            _disagree("birth_date").alias("birth_dates_disagree"),
            _disagree("gender").alias("genders_disagree"),
            *(of_income if computed.direction else ()),
            *([at_age] if computed.age else []),
        )
    )
    return grouped.where("frequency > 0") if computed.direction else grouped


def _day(computed: _Computed) -> Column:
    """Return the day of a transaction, null for income."""
    return F.col("counted_at" if computed.direction else "moment.transaction_at").cast("date")


def _measures(grouped: DataFrame, snapshot: date, computed: _Computed) -> DataFrame:
    """Return MEASURES of each customer."""
    unit = computed.unit
    counted_at = F.col("counted_at" if computed.direction else "latest.moment.transaction_at")
    earned = _money(F.coalesce(_exact_sum("income_cents"), F.lit(0)), unit)
    birth_date = F.col("latest.birth_date")
    age = age_at(snapshot, birth_date)
    if computed.age:
        age = F.when(birth_date.isNull(), F.col("at_age.age")).otherwise(age)
    return grouped.select(
        "customer_id",
        F.date_diff(F.lit(snapshot), counted_at.cast("date")).alias("recency"),
        "frequency",
        _money(_exact_sum("cents"), unit).alias("monetary"),
        (_exact_sum("cents").cast("double") / F.col("frequency") / unit).alias("average_amount"),
        "first_day",
        "active_days",
        F.when(
            F.col("balances") > 0,
            _exact_sum("balance_cents").cast("double") / F.col("balances") / unit,
        ).alias("average_balance"),
        F.col("at_balance.balance").alias("latest_balance"),
        (
            F.when(F.col("directions") > 0, earned)
            if computed.direction
            else F.lit(None).cast(money_type(len(str(unit)) - 1))
        ).alias("income"),
        birth_date.alias("birth_date"),
        age.alias("age"),
        F.col("latest.gender").alias("gender"),
        F.col("latest.location").alias("location"),
        (F.col("birth_dates_disagree") | F.col("genders_disagree")).alias("identity_conflict"),
        F.lit(snapshot).alias("snapshot_date"),
    )


def income_alone(cleaned: DataFrame, measures: DataFrame, *, customer_key: str) -> int:
    """Count the customers who have only income, and hence no row in `measures`."""
    paid = cleaned.where(is_income(F.col("direction")))
    keys = paid.select(F.expr(customer_key).cast("string").alias("customer_id"))
    known = keys.where("customer_id IS NOT NULL").distinct()
    return known.join(measures.select("customer_id"), "customer_id", "left_anti").count()


def age_at(day: date, birth_date: Column) -> Column:
    """Return the whole years from a birth date to a day; null if unknown or above 110.

    The limit is that of a transaction: a customer who turns 111 before the snapshot has no age.
    """
    years = F.floor(F.months_between(F.lit(day), birth_date) / 12).cast("int")
    return F.when(years.between(0, OLDEST_YEARS), years)


def _sum_parts(cents: str) -> tuple[Column, Column]:
    """Return two integer sums, of the upper and the lower 32 bits, that cannot overflow.

    One sum of cents exceeds 64 bits after 922 amounts of 10^14, and Spark's ANSI mode then fails
    the run. A sum of decimals has room, but not in a machine word.
    """
    upper = F.sum(F.shiftright(cents, 32)).alias(f"{cents}_upper")
    return upper, F.sum(F.col(cents).bitwiseAND(F.lit(LOWER_BITS))).alias(f"{cents}_lower")


def _exact_sum(cents: str) -> Column:
    """Return the exact sum from `_sum_parts`."""
    upper = F.col(f"{cents}_upper").cast("decimal(20,0)") * F.lit(LOWER_BITS + 1)
    return upper + F.col(f"{cents}_lower")


def _money(cents: Column, unit: int) -> Column:
    """Convert units of 1/unit to money, clipped to the maximum of the type."""
    limit = F.lit(10**MONEY_DIGITS - 1)
    bounded = F.greatest(F.least(cents, limit), -limit).cast(f"decimal({MONEY_DIGITS},0)")
    return (bounded / unit).cast(money_type(len(str(unit)) - 1))


def held_out(customer_id: Column) -> Column:
    """Return whether a customer is held out of every fit; by a hash, so stable across runs."""
    bucket = F.pmod(F.xxhash64(customer_id, F.lit(SPLIT_SEED)), F.lit(1000))
    return bucket < int(1000 * HELD_OUT_SHARE)


def measure_histograms(measures: DataFrame) -> dict[str, dict[int, int]]:
    """Count customers by recency, frequency and monetary (logarithmic bin), in one pass."""
    return histograms(
        measures,
        {
            "recency": F.col("recency"),
            "frequency": F.least("frequency", F.lit(100_000)),
            "monetary": log_bin(F.col("monetary")),
        },
    )


def score_cuts(histogram: Histogram, *, common_is_best: bool = False) -> list[int]:
    """Return the greatest bins of scores 1..4: quintiles, separated at ties.

    A value that a fifth of the customers share never has the score of lesser values, and the next
    distinct values get the next scores. If fewer than five are needed, scores start at 1: 84 % of
    customers have one transaction, which scores 1, and a second one scores 2.
    `common_is_best` (recency): the greatest value scores 5, however many share it, and others the
    highest score that they reach: 90 % who were active yesterday are not all "Lost".
    A value that all share scores 3, or 5 with `common_is_best`: it distinguishes no one.
    """
    bins = sorted(histogram)
    counts = np.array([histogram[number] for number in bins], dtype=np.int64)
    if common_is_best:
        lasts = _lasts_common_best(counts)
        scores = _highest_reached(counts, lasts)
    else:
        lasts = _lasts(counts, SCORES)
        scores = list(range(1, len(lasts) + 1)) if len(bins) > 1 else [MIDDLE_SCORE]
    greatest = {value: bins[last] for last, value in zip(lasts, scores, strict=True)}
    below_all = bins[0] - 1
    return [
        max((last for value, last in greatest.items() if value <= cut), default=below_all)
        for cut in range(1, SCORES)
    ]


def _lasts(counts: Ints, scores: int) -> list[int]:
    """Return the end index of each score's values, for ordered values: at most `scores`."""
    total = np.cumsum(counts)
    lasts: list[int] = []
    place = -1
    for number in range(1, scores):
        reached = int(np.searchsorted(total, total[-1] * number / scores - 1e-9))
        is_common = counts[reached] * scores >= total[-1]
        if is_common and reached - 1 > place:
            reached -= 1
        place = min(max(place + 1, reached), len(counts) - 1)
        lasts.append(place)
    return sorted({*lasts, len(counts) - 1})


def _lasts_common_best(counts: Ints) -> list[int]:
    """Return the same with the best values first: a value that fills a score has it alone."""
    scores, rest = SCORES, len(counts)
    while rest and counts[rest - 1] * scores >= counts[:rest].sum():
        scores, rest = scores - 1, rest - 1
    alone = list(range(rest, len(counts)))
    return _lasts(counts[:rest], scores) + alone if rest else alone


def _highest_reached(counts: Ints, lasts: Sequence[int]) -> list[int]:
    """Return the quintile in which each score's values end, without repeated scores."""
    shares = np.cumsum(counts)[list(lasts)] / counts.sum()
    lowest = np.arange(1, len(lasts) + 1)
    found = np.clip(np.ceil(SCORES * shares - 1e-9), lowest, lowest + SCORES - len(lasts))
    return [int(value) for value in found]


def quintile_score(value: Column, cuts: Sequence[int]) -> Column:
    """Return 1 + the number of cuts below the value: 1 (least) to 5 (most)."""
    return (F.lit(1) + sum(((value > cut).cast("int") for cut in cuts), F.lit(0))).cast("int")


def with_scores(measures: DataFrame, counts: dict[str, dict[int, int]]) -> DataFrame:
    """Add the scores 1..5 and the named group; return RFM_TABLE.

    Recency is scored in reverse: few days are good. In a small table, no customer is held out.
    """
    few = sum(counts["frequency"].values()) < FEWEST_TO_SPLIT
    cuts = _cuts(counts)
    scored = measures.select(
        "*",
        quintile_score(-F.col("recency"), cuts["recency"]).alias("recency_score"),
        quintile_score(F.col("frequency"), cuts["frequency"]).alias("frequency_score"),
        quintile_score(log_bin(F.col("monetary")), cuts["monetary"]).alias("monetary_score"),
    )
    # Also for carried-over customers: the table may have crossed the limit in either direction.
    is_held_out = F.lit(False) if few else held_out(F.col("customer_id"))
    scored = scored.withColumn("held_out", is_held_out)
    return scored.withColumn("rfm_group", _group()).select(*RFM_TABLE.names)


def cut_values(counts: dict[str, dict[int, int]]) -> dict[str, list[float]]:
    """Return the cut-offs in days, transactions and currency, for display."""
    cuts = _cuts(counts)
    return {
        "recency": [float(-cut) for cut in cuts["recency"]],
        "frequency": [float(cut) for cut in cuts["frequency"]],
        "monetary": [round(float(value), 2) for value in bin_value(cuts["monetary"])],
    }


def _cuts(counts: Mapping[str, Histogram]) -> dict[str, list[int]]:
    """Return the cuts of each measure; recency is negated, so that more is better."""
    days_back = {-days: count for days, count in counts["recency"].items()}
    # One is the minimum: if every customer has one transaction, it is not the middle score.
    all_have_one = set(counts["frequency"]) == {1}
    return {
        "recency": score_cuts(days_back, common_is_best=True),
        "frequency": [1] * (SCORES - 1) if all_have_one else score_cuts(counts["frequency"]),
        "monetary": score_cuts(counts["monetary"]),
    }


def _disagree(column: str) -> Column:
    """Return whether a column has different values; nulls do not count."""
    return F.coalesce(F.min(column) != F.max(column), F.lit(False))


def _group() -> Column:
    names = {"r": "recency_score", "fm": "((frequency_score + monetary_score) / 2)"}
    group = F.lit(GROUPS[-1][0])
    for name, condition in reversed(GROUPS[:-1]):
        sql = " ".join(names.get(word, word) for word in condition.split())
        group = F.when(F.expr(sql), name).otherwise(group)
    return group
