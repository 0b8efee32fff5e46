"""Validate a file of holdings: every row is accepted, or quarantined with the reason."""

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.field_text import (
    WHITE_SPACE,
    ZERO_WIDTHS,
    identifier,
    is_invalid_id,
    is_missing_customer_id,
    trimmed,
)
from bankseg_assets.cleaning.validation import CONTROL_CHARACTERS, DUPLICATE, QUARANTINED
from bankseg_assets.contracts.delivery import HOLDINGS, ColumnRule, DeliveryContract
from bankseg_assets.contracts.tables import PRODUCT_HOLDINGS, QUARANTINED_HOLDINGS
from bankseg_assets.presentation.disclosure import SMALLEST_CELL

MOST_PRODUCTS = 250  # a bank has dozens; account numbers in this column are as many as customers
LONGEST_PRODUCT = 100  # characters
RARE = "rare_product"
_ORIGIN = ("source_file", "delivery", "row_number")
_UNUSUAL = r"[^ -~]|  |\A | \z"
"""Anything but visible ASCII characters with single spaces between them."""


@dataclass(frozen=True)
class ValidatedHoldings:
    """PRODUCT_HOLDINGS, QUARANTINED_HOLDINGS, and product -> holders in descending order."""

    kept: DataFrame
    quarantined: DataFrame
    holders: dict[str, int]
    cached: tuple[DataFrame, ...]

    def unpersist(self) -> None:
        """Release the cached rows, once both tables are written."""
        for frame in self.cached:
            frame.unpersist()


def validate_holdings(raw: DataFrame, contract: DeliveryContract) -> ValidatedHoldings:
    """Validate the RAW_HOLDINGS of one file by the contract of holdings.

    Spellings that differ in case or white space are one product, named by the most frequent one. A
    product of fewer than 11 customers would disclose persons and cannot be learnt; it is
    quarantined, and so are products beyond the 250 most held.
    """
    rows = _with_reason(raw, contract.columns["customer_id"], contract.columns["product"]).persist()
    sound = rows.where("reason IS NULL")
    # Only numbers: Spark uses sort aggregation for a minimum of texts, and hashing for numbers.
    pairs = (
        sound.groupBy("customer_id", "key")
        .agg(F.min("row_number").alias("row_number"), F.count(F.lit(1)).alias("times"))
        .persist()
    )
    found = (
        pairs.groupBy("key")
        .agg(F.count(F.lit(1)).alias("holders"))
        .where(F.col("holders") >= SMALLEST_CELL)
        .orderBy(F.desc("holders"), "key")
        .limit(MOST_PRODUCTS)
        .collect()
    )
    keys = [row["key"] for row in found]
    names = _names(sound, keys)
    spelt = raw.sparkSession.createDataFrame(
        list(names.items()), "key string, product string"
    ).join(raw.select("source_file", "delivery").limit(1))
    return ValidatedHoldings(
        kept=pairs.join(F.broadcast(spelt), "key").select(*PRODUCT_HOLDINGS.names),
        quarantined=_quarantined(rows, pairs, F.col("key").isin(*keys)),
        holders={names[row["key"]]: row["holders"] for row in found},
        cached=(rows, pairs),
    )


def _names(sound: DataFrame, keys: list[str]) -> dict[str, str]:
    """Return key -> its most frequent spelling."""
    rows = sound.where(F.col("key").isin(*keys)).groupBy("key", "name").count()
    most = rows.groupBy("key").agg(F.max(F.struct("count", "name")).alias("most"))
    return {row["key"]: row["most"]["name"] for row in most.collect()}


def _quarantined(rows: DataFrame, pairs: DataFrame, is_kept: Column) -> DataFrame:
    """Return QUARANTINED_HOLDINGS: rows that are invalid, rare, or repeated."""
    broken = rows.where(F.col("reason").isNotNull() | ~is_kept).withColumn(
        "reason", F.coalesce("reason", F.lit(RARE))
    )
    repeated = pairs.where((F.col("times") > 1) & is_kept).select(
        "customer_id", "key", F.col("row_number").alias("first")
    )
    again = (
        rows.where("reason IS NULL")
        .join(F.broadcast(repeated), ["customer_id", "key"])
        .where(F.col("row_number") != F.col("first"))
        .withColumn("reason", F.lit(DUPLICATE))
    )
    is_again = F.col("reason") == DUPLICATE
    return (
        broken.unionByName(again.select(*broken.columns))
        .withColumn("disposition", F.when(is_again, DUPLICATE).otherwise(QUARANTINED))
        .withColumn("raw_text", F.coalesce("malformed_text", F.to_json("delivered")))
        .select(*QUARANTINED_HOLDINGS.names)
    )


def _with_reason(raw: DataFrame, customer: ColumnRule, product: ColumnRule) -> DataFrame:
    """Return the rows with trimmed values, the product's key, and the first violated rule."""
    delivered = F.coalesce("product", F.lit(""))
    texts = raw.select(
        F.struct(*HOLDINGS).alias("delivered"),
        _text(identifier(F.col("customer_id"), customer), customer).alias("customer_id"),
        delivered.alias("product"),
        delivered.rlike(_UNUSUAL).alias("unusual"),
        *_ORIGIN,
        "malformed_text",
    ).withColumn("product", _text(_normalised(F.col("product"), F.col("unusual")), product))
    broken = [
        ("wrong_number_of_fields", F.col("malformed_text").isNotNull()),
        ("missing_customer_id", is_missing_customer_id(F.col("customer_id"))),
        ("invalid_customer_id", is_invalid_id(F.col("customer_id"), customer)),
        ("missing_product", F.col("product") == ""),
        ("invalid_product", F.length("product") > LONGEST_PRODUCT),
        ("invalid_product", F.col("unusual") & F.col("product").rlike(CONTROL_CHARACTERS)),
        ("invalid_product", _unlike("product", product)),
        ("unknown_product", F.col("name").isNull()),
    ]
    reason = F.lit(None).cast("string")
    for code, is_broken in reversed(broken):
        reason = F.when(is_broken, code).otherwise(reason)
    return (
        texts.withColumn("name", _translated(F.col("product"), product))
        .withColumn("reason", reason)
        .withColumn("key", F.upper("name"))
        .drop("product", "unusual")
    )


def _normalised(product: Column, unusual: Column) -> Column:
    """Return a trimmed text with single spaces.

    Only the few texts that need it are looked at: for all, the patterns took 9 of the 17
    core-seconds of validating 2.9 million holdings.
    """
    visible = F.regexp_replace(trimmed(product), ZERO_WIDTHS, "")
    return F.when(unusual, F.regexp_replace(visible, WHITE_SPACE, " ")).otherwise(product)


def _text(value: Column, rule: ColumnRule) -> Column:
    return F.when(value.isin(*rule.placeholders), "").otherwise(value)


def _unlike(name: str, rule: ColumnRule) -> Column:
    return ~F.col(name).rlike(rule.spark_pattern) if rule.pattern else F.lit(False)


def _translated(text: Column, rule: ColumnRule) -> Column:
    """Return the published name; null for a product that the contract does not allow."""
    if not rule.values:
        return text
    pairs = (F.lit(word) for pair in rule.values.items() for word in pair)
    return F.try_element_at(F.create_map(*pairs), F.upper(text))
