"""Type, repair, judge and deduplicate the raw rows; every row ends up kept or set aside.

A row is set aside for the first rule that it breaks. Nothing is dropped for being unusual:
outliers are kept and flagged.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts import (
    CLEANED_TRANSACTIONS,
    QUARANTINED_TRANSACTIONS,
    RAW_TRANSACTIONS,
)
from bankseg_assets.delivery import DeliveryContract
from bankseg_assets.transforms.histograms import histograms, log_bin, quantiles

TUKEY_FACTOR = 1.5
MONEY_PATTERN = r"^[0-9]{1,15}(\.[0-9]{1,2})?$"
CONTROL_CHARACTERS = r"[\x00-\x1f\x7f]"
# Java's \s knows ASCII only; the real file has a trailing NBSP.
WHITE_SPACE = r"[\s\x{00a0}\x{2000}-\x{200b}\x{202f}\x{3000}]+"
_DELIVERED = [
    c.name
    for c in RAW_TRANSACTIONS.columns
    if c.name not in ("source_file", "delivery", "row_number", "malformed_text")
]
_ROW_KEY = ["delivery", "row_number"]
_CONTENT = [
    "customer_id",
    "birth_date",
    "gender",
    "location",
    "balance",
    "transaction_at",
    "amount",
]


@dataclass(frozen=True)
class Fences:
    """Tukey's fences for one measure, in currency: values outside are flagged.

    On log(1 + x): amounts are log-normal, and on the plain scale 11 % of them would be outside.
    """

    low: float
    high: float


def judge(raw: DataFrame, contract: DeliveryContract, *, not_after: date) -> DataFrame:
    """Return typed rows with `reason`, null where the row breaks no rule.

    `not_after`: a transaction dated later than this day cannot have happened yet; one such
    row (a year typed wrong) would shift every customer's recency.
    """
    text = {name: F.trim(F.coalesce(F.col(name), F.lit(""))) for name in _DELIVERED}
    day = _parse_date(text["transaction_date"], contract)
    padded_time = F.lpad(text["transaction_time"], 6, "0")
    parsed = raw.select(
        text["transaction_id"].alias("transaction_id"),
        text["customer_id"].alias("customer_id"),
        text["birth_date"].alias("_birth_text"),
        _parse_date(text["birth_date"], contract).alias("_birth"),
        F.upper(text["gender"]).alias("gender"),
        _normalise(F.coalesce("location", F.lit(""))).alias("location"),
        text["balance"].alias("_balance_text"),
        text["balance"].try_cast("decimal(18,2)").alias("balance"),
        day.alias("_day"),
        text["transaction_time"].alias("_time_text"),
        padded_time.alias("_time"),
        text["amount"].alias("_amount_text"),
        text["amount"].try_cast("decimal(18,2)").alias("amount"),
        *(F.col(name) for name in ("source_file", "delivery", "row_number", "malformed_text")),
        *(F.col(name).alias(f"_raw_{name}") for name in _DELIVERED),
    )
    birth = _repair_birth_date(F.col("_birth"), F.col("_day"), contract)
    return parsed.withColumn("reason", _reason(contract, not_after)).select(
        "transaction_id",
        "customer_id",
        birth.alias("birth_date"),
        F.nullif("gender", F.lit("")).alias("gender"),
        F.nullif("location", F.lit("")).alias("location"),
        "balance",
        _timestamp(F.col("_day"), F.col("_time")).alias("transaction_at"),
        "amount",
        "source_file",
        *_ROW_KEY,
        "reason",
        F.when(F.col("reason").isNotNull(), _raw_text()).alias("raw_text"),
    )


def duplicates(raw: DataFrame, contract: DeliveryContract, *, not_after: date) -> DataFrame:
    """Return `delivery, row_number, verdict` of the sound rows that share a transaction ID.

    Rows that agree in everything: the first is kept, the others are `duplicate`. Rows that
    differ: nobody knows which is true, so all are `conflicting_duplicate`. Only rows whose ID
    occurs twice are parsed for this.
    """
    identifier = F.trim("transaction_id")
    repeated = (
        raw.groupBy(identifier.alias("transaction_id"))
        .agg(F.count(F.lit(1)).alias("n"))
        .where("n > 1")
    )
    suspects = raw.withColumn("transaction_id", identifier).join(
        repeated, "transaction_id", "left_semi"
    )
    sound = judge(suspects, contract, not_after=not_after).where("reason IS NULL")
    # With the nulls, which the hash skips: else M as gender equals M as location.
    content = F.xxhash64(*_CONTENT, *(F.isnull(name) for name in _CONTENT))
    groups = sound.groupBy("transaction_id").agg(
        F.min(content).alias("least"),
        F.max(content).alias("greatest"),
        F.sort_array(F.collect_list(F.struct(*_ROW_KEY))).alias("rows"),
    )
    same = F.col("least") == F.col("greatest")
    return (
        groups.where(F.size("rows") > 1)
        .select(same.alias("same"), F.posexplode("rows").alias("place", "row"))
        .where("NOT (same AND place = 0)")
        .select(
            "row.*",
            F.when(F.col("same"), "duplicate").otherwise("conflicting_duplicate").alias("verdict"),
        )
    )


def outlier_fences(raw: DataFrame) -> dict[str, Fences]:
    """Return Tukey's fences of amount and balance: Q1 - 1.5 IQR and Q3 + 1.5 IQR of log(1 + x).

    From the raw columns alone: rows that are set aside later are too few to move a quartile.
    """
    money = {name: F.col(name).try_cast("decimal(18,2)") for name in ("amount", "balance")}
    bins = {name: log_bin(F.when(value >= 0, value)) for name, value in money.items()}
    return {name: _tukey(found) for name, found in histograms(raw, bins).items() if found}


def keep(
    judged: DataFrame, found_duplicates: DataFrame | None, fences: dict[str, Fences]
) -> DataFrame:
    """Return CLEANED_TRANSACTIONS: the rows that broke no rule, outliers flagged."""
    sound = judged.where("reason IS NULL")
    if found_duplicates is not None:
        sound = sound.join(found_duplicates, _ROW_KEY, "left_anti")
    return sound.withColumn("outlier_flags", _outlier_flags(fences)).select(
        *CLEANED_TRANSACTIONS.names
    )


def set_aside(judged: DataFrame, found_duplicates: DataFrame | None, raw: DataFrame) -> DataFrame:
    """Return QUARANTINED_TRANSACTIONS: the rows that broke a rule, and the duplicates."""
    broken = judged.where("reason IS NOT NULL").select(
        F.lit("quarantined").alias("disposition"), "reason", "source_file", *_ROW_KEY, "raw_text"
    )
    if found_duplicates is None:
        return broken.select(*QUARANTINED_TRANSACTIONS.names)
    texts = raw.select("source_file", *_ROW_KEY, _raw_text(prefix="").alias("raw_text"))
    repeated = texts.join(found_duplicates, _ROW_KEY).select(
        F.when(F.col("verdict") == "duplicate", "duplicate")
        .otherwise("quarantined")
        .alias("disposition"),
        F.col("verdict").alias("reason"),
        "source_file",
        *_ROW_KEY,
        "raw_text",
    )
    return broken.unionByName(repeated).select(*QUARANTINED_TRANSACTIONS.names)


def _parse_date(text: Column, contract: DeliveryContract) -> Column:
    """Parse by the declared format, else ISO, which no other format can be taken for."""
    declared = F.try_to_date(text, contract.date_format)
    return F.coalesce(
        declared, F.when(text.rlike(r"^\d{4}-\d\d-\d\d"), text.substr(1, 10).try_cast("date"))
    )


def _repair_birth_date(birth: Column, day: Column, contract: DeliveryContract) -> Column:
    """Move a two-digit birth year past the transaction's year back a century.

    `%y` alone reads 54,427 real customers as born 2017..2068. A birth later in the transaction's
    own year is impossible in either century's reading that we could defend: null.
    """
    if contract.two_digit_years:
        birth = F.when(F.year(birth) > F.year(day), F.add_months(birth, -1200)).otherwise(birth)
    return F.when(birth <= day, birth)


def _normalise(text: Column) -> Column:
    return F.trim(F.regexp_replace(F.upper(text), WHITE_SPACE, " "))


def _timestamp(day: Column, time: Column) -> Column:
    seconds = (
        time.substr(1, 2).try_cast("int") * 3600
        + time.substr(3, 2).try_cast("int") * 60
        + time.substr(5, 2).try_cast("int")
    )
    return F.timestamp_add("SECOND", seconds, day.cast("timestamp_ntz"))


def _reason(contract: DeliveryContract, not_after: date) -> Column:
    """Return the first broken rule of a row, or null."""
    identifiers_sound = F.col("transaction_id").rlike(contract.id_pattern)
    time = F.col("_time")
    time_sound = F.col("_time_text").rlike("^[0-9]{1,6}$") & (
        (time.substr(1, 2) < "24") & (time.substr(3, 2) < "60") & (time.substr(5, 2) < "60")
    )
    birth_known = ~F.col("_birth_text").isin(*contract.birth_date_placeholders)
    rules = [
        ("wrong_number_of_fields", F.col("malformed_text").isNotNull()),
        ("missing_transaction_id", F.col("transaction_id") == ""),
        ("invalid_transaction_id", ~identifiers_sound),
        ("missing_customer_id", F.col("customer_id") == ""),
        ("invalid_customer_id", ~F.col("customer_id").rlike(contract.id_pattern)),
        ("invalid_transaction_date", F.col("_day").isNull()),
        ("transaction_date_in_the_future", F.col("_day") > F.lit(not_after)),
        ("invalid_transaction_time", ~time_sound),
        ("invalid_amount", ~F.col("_amount_text").rlike(MONEY_PATTERN)),
        (
            "invalid_balance",
            (F.col("_balance_text") != "") & ~F.col("_balance_text").rlike(MONEY_PATTERN),
        ),
        ("invalid_birth_date", birth_known & F.col("_birth").isNull()),
        ("invalid_gender", (F.col("gender") != "") & ~F.col("gender").isin(*contract.genders)),
        ("invalid_location", F.col("_raw_location").rlike(CONTROL_CHARACTERS)),
    ]
    reason = F.lit(None).cast("string")
    for code, broken in reversed(rules):
        reason = F.when(broken, code).otherwise(reason)
    return reason


def _raw_text(prefix: str = "_raw_") -> Column:
    fields = F.to_json(F.struct(*(F.col(f"{prefix}{name}").alias(name) for name in _DELIVERED)))
    return F.coalesce("malformed_text", fields)


def _tukey(histogram: dict[int, int]) -> Fences:
    first, third = np.log1p(quantiles(histogram, [0.25, 0.75]))
    reach = TUKEY_FACTOR * (third - first)
    return Fences(low=float(np.expm1(first - reach)), high=float(np.expm1(third + reach)))


def _outlier_flags(fences: dict[str, Fences]) -> Column:
    flags: list[Column] = []
    for name, fence in fences.items():
        value = F.col(name).cast("double")
        flags.append(
            F.when(value < fence.low, f"{name}_low").when(value > fence.high, f"{name}_high")
        )
    return F.nullif(F.concat_ws(",", *flags), F.lit(""))
