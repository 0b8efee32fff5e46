"""Fit ALS on product holdings and recommend products to every customer.

Customers of one segment with the same holdings get the same recommendations. Spark counts the
customers of each such pattern (a few thousand for a dozen products); the model is fitted, tested
and applied on patterns, and a join assigns the recommendations to customers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pyspark.ml.recommendation import ALS as SparkALS  # noqa: N811
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.tables import PRODUCT_RECOMMENDATIONS
from bankseg_assets.products.holding_patterns import Counts, Patterns
from bankseg_assets.products.recommender import (
    ALS,
    NOT_A_CUSTOMER,
    SEGMENT,
    Factors,
    Holdings,
    ProductModel,
    ranking,
)
from bankseg_assets.stats.arrays import Array
from bankseg_assets.stats.rounding import LOADING_DIGITS, rounded

MOST_LEARNT_FROM = 50_000  # customers: 5,000 already gave the same hit rate on hidden holdings
MOST_FACTORS = 10
PRODUCTS_A_FACTOR = 4
PRIOR_CUSTOMERS = 50.0  # holders at which a segment weighs as much as all customers
# With two blocks the sum does not depend on the order in which they finish.
_BLOCKS = 2
_BITS = 63  # usable bits of a bigint
_TOLERANCE = 1e-8
LEAST_PRODUCTS = 2
LEAST_SHARE = 1e-6
_ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Learning:
    """Parameters of ALS; see `pyspark.ml.recommendation.ALS`."""

    rank: int | None = None
    """None: a factor for every four products, from 2 to 10."""
    alpha: float = 1.0
    regularization: float = 0.1
    iterations: int = 5
    seed: int = 42


def products_of(holdings: DataFrame) -> list[str]:
    """Return the products of PRODUCT_HOLDINGS by descending number of holders."""
    rows = holdings.groupBy("product").count().orderBy(F.desc("count"), "product").collect()
    return [row["product"] for row in rows]


def customers_and_holders(
    holdings: DataFrame, segments: DataFrame, products: list[str]
) -> DataFrame:
    """Return `customer_id, segment, held_0 ..` of all customers and all other holders.

    `segments` is CUSTOMER_SEGMENTS. The bits of `held_0 ..` are the products, 63 in each: Spark
    groups and joins by numbers faster than by lists. `segment` is NOT_A_CUSTOMER for holders
    without transactions.
    """
    words = _words(len(products))
    places = holdings.sparkSession.createDataFrame(
        [(name, place // _BITS, 1 << place % _BITS) for place, name in enumerate(products)],
        "product string, word int, bit bigint",
    )
    bits = [
        F.sum(F.when(F.col("word") == number, F.col("bit")).otherwise(0)).alias(word)
        for number, word in enumerate(words)
    ]
    held = holdings.join(F.broadcast(places), "product").groupBy("customer_id").agg(*bits)
    return (
        segments.select("customer_id", "segment")
        .join(held, "customer_id", "full_outer")
        .select(
            "customer_id",
            F.coalesce("segment", F.lit(NOT_A_CUSTOMER)).alias("segment"),
            *(F.coalesce(word, F.lit(0)).cast("bigint").alias(word) for word in words),
        )
    )


def patterns(customers: DataFrame, n_products: int) -> Patterns:
    """Count the customers of each segment and set of holdings, in a deterministic order."""
    key = ["segment", *_words(n_products)]
    found = customers.groupBy(*key).count().toPandas().sort_values(key, ignore_index=True)
    place = np.arange(n_products)
    words = found[key[1:]].to_numpy(np.int64)
    return Patterns(
        segment=found["segment"].to_numpy(np.int64),
        held=(words[:, place // _BITS] >> (place % _BITS) & 1).astype(np.bool_),
        customers=found["count"].to_numpy(np.int64),
    )


def learn(spark: SparkSession, found: Patterns, products: list[str], how: Learning) -> ProductModel:
    """Fit shares, and ALS factors on up to 50,000 holders; factors need two products."""
    holders = found.holders
    return ProductModel(
        products=products,
        shares=np.array(rounded(holders.shares.tolist())),
        segment_shares=_segment_shares(holders),
        factors=_factors(spark, holders.sampled(MOST_LEARNT_FROM), how),
    )


def recommend(
    spark: SparkSession, customers: DataFrame, found: Patterns, model: ProductModel, most: int
) -> DataFrame:
    """Return PRODUCT_RECOMMENDATIONS of the customers: at most `most` products, none held."""
    ours = found.where(found.segment != NOT_A_CUSTOMER)
    table = spark.createDataFrame(pd.concat(_recommended(ours, model, most), ignore_index=True))
    key = ["segment", *_words(len(model.products))]
    return customers.join(table, key).select(*PRODUCT_RECOMMENDATIONS.names)


def curves(unseen: Array, held: Holdings, customers: Counts) -> tuple[Array, Array]:
    """Return intercepts and slopes (P,) of P(held) = 1 / (1 + exp(-intercept - slope preference)).

    unseen, held (m, P), customers (m,). A slope is never negative: if a preference is
    uninformative, the product's popularity remains.
    """
    from sklearn.linear_model import LogisticRegression

    intercepts, slopes = (
        _logit(customers @ held / max(int(customers.sum()), 1)),
        np.zeros(held.shape[1]),
    )
    for product in range(held.shape[1]):
        x, y = unseen[:, product], held[:, product]
        if y.all() or not y.any():
            continue
        centre, spread = float(np.average(x, weights=customers)), float(np.std(x)) or 1.0
        curve = LogisticRegression(tol=_TOLERANCE)
        curve.fit(((x - centre) / spread)[:, None], y, sample_weight=customers)
        if (slope := float(curve.coef_[0, 0]) / spread) > 0:
            slopes[product] = slope
            intercepts[product] = float(curve.intercept_[0]) - slope * centre
    return intercepts, slopes


def _factors(spark: SparkSession, found: Patterns, how: Learning) -> Factors | None:
    n_products = found.held.shape[1]
    if n_products < LEAST_PRODUCTS or len(found.held) == 0:
        return None
    rank = how.rank or min(max(n_products // PRODUCTS_A_FACTOR, 2), MOST_FACTORS)
    als = SparkALS(
        rank=rank,
        maxIter=how.iterations,
        regParam=how.regularization,
        alpha=how.alpha,
        implicitPrefs=True,
        numUserBlocks=_BLOCKS,
        numItemBlocks=_BLOCKS,
        userCol="customer",
        itemCol="product",
        ratingCol="holds",
        seed=how.seed,
    )
    rows = als.fit(_ratings(spark, found)).itemFactors.collect()
    factors = np.zeros((n_products, rank))
    for row in rows:
        factors[row["id"]] = row["features"]
    bare = Factors(
        factors=np.array(rounded(factors.tolist(), LOADING_DIGITS)),
        alpha=how.alpha,
        regularization=how.regularization,
        intercepts=np.zeros(n_products),
        slopes=np.ones(n_products),
    )
    fitted = curves(bare.preferences_unseen(found.held), found.held, found.customers)
    intercepts, slopes = (np.array(rounded(one.tolist(), LOADING_DIGITS)) for one in fitted)
    return replace(bare, intercepts=intercepts, slopes=slopes)


def _ratings(spark: SparkSession, found: Patterns) -> DataFrame:
    """Return `customer, product, holds` in one partition, because ALS sums in row order."""
    held = np.repeat(found.held, found.customers, axis=0)
    customer, product = np.nonzero(held)
    frame = pd.DataFrame({"customer": customer, "product": product, "holds": 1.0})
    types = "customer int, product int, holds float"
    return spark.createDataFrame(
        frame.astype({"customer": "int32", "product": "int32"}), types
    ).coalesce(1)


def _segment_shares(holders: Patterns) -> dict[int, Array]:
    """Return segment -> shares, shrunk towards the overall shares by 50 pseudo-holders."""
    everywhere = holders.shares
    found = {}
    for segment in np.unique(holders.segment[holders.segment != NOT_A_CUSTOMER]):
        ours = holders.where(holders.segment == segment)
        customers = float(ours.customers.sum())
        share = ours.shares
        drawn = (customers * share + PRIOR_CUSTOMERS * everywhere) / (customers + PRIOR_CUSTOMERS)
        found[int(segment)] = np.array(rounded(drawn.tolist()))
    return found


def _recommended(found: Patterns, model: ProductModel, most: int) -> Iterator[pd.DataFrame]:
    for start in range(0, max(len(found.held), 1), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        segment, held = found.segment[rows], found.held[rows]
        scores, personal = model.scores(segment, held)
        best = ranking(scores, held)[:, :most]
        ranks = np.arange(1, best.shape[1] + 1)
        frame = pd.DataFrame(
            {
                "segment": np.repeat(segment.astype(np.int32), len(ranks)),
                **{
                    word: np.repeat(bits, len(ranks))
                    for word, bits in zip(_words(held.shape[1]), _bits(held), strict=True)
                },
                "rank": np.tile(ranks.astype(np.int32), len(held)),
                "product": np.array(model.products, dtype=object)[best.ravel()],
                "score": np.take_along_axis(scores, best, axis=1).ravel(),
                "source": np.repeat(np.where(personal, ALS, SEGMENT), len(ranks)).astype(object),
            }
        )
        yield frame[~np.take_along_axis(held, best, axis=1).ravel()]


def _words(n_products: int) -> list[str]:
    return [f"held_{number}" for number in range(-(-n_products // _BITS))]


def _bits(held: Holdings) -> list[Counts]:
    """Return (m,) numbers that encode 63 products each as bits."""
    weights = 1 << np.arange(_BITS, dtype=np.int64)
    return [
        held[:, start : start + _BITS] @ weights[: held.shape[1] - start]
        for start in range(0, held.shape[1], _BITS)
    ]


def _logit(shares: Array) -> Array:
    inside = np.clip(shares, LEAST_SHARE, 1 - LEAST_SHARE)
    return np.asarray(np.log(inside / (1 - inside)), dtype=np.float64)
