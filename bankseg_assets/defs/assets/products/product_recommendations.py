"""Assets recommendation_model and product_recommendations: products to offer to customers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import dagster as dg
import numpy as np
from pydantic import Field
from pyspark.sql import DataFrame, SparkSession

from bankseg_assets.defs.assets.common import ACTIONS, FRESHNESS, OWNERS
from bankseg_assets.defs.assets.products.product_holdings import waiting
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.io_managers import ROW_COUNT_KEY
from bankseg_assets.defs.launch_checks import validated_at_launch
from bankseg_assets.defs.metadata import table_metadata
from bankseg_assets.defs.resources import HoldingsResource, PublishedResource, SparkResource
from bankseg_assets.presentation.disclosure import shown_count
from bankseg_assets.presentation.markdown import raw_table
from bankseg_assets.privacy.objections import objections
from bankseg_assets.products.als import (
    Learning,
    customers_and_holders,
    learn,
    patterns,
    products_of,
    recommend,
)
from bankseg_assets.products.holding_patterns import Coverage, Patterns
from bankseg_assets.products.leave_one_out import (
    LEAST_TESTED,
    Quality,
    Split,
    compare_recommenders,
    split,
)
from bankseg_assets.products.objecting import count_among, without_objections
from bankseg_assets.products.recommender import ProductModel
from bankseg_assets.products.recommender_in_use import KMEANS, recommender_in_use
from bankseg_assets.storage.outputs import SmallTable
from bankseg_assets.storage.version_store import VersionStore, version_basis

_USUAL = Learning()
_COMMON: dict[str, Any] = {
    "group_name": ACTIONS,
    "owners": OWNERS,
    "code_version": source_version("products"),
    "freshness_policy": FRESHNESS,
}
_MEASURES = {
    "map_at_7": "MAP@7",
    "hit_rate_at_3": "hit rate at 3",
    "map_at_7_uncommon": "MAP@7 of products that under half hold",
}
_NAMES = {
    "als": "ALS",
    "als_without_curves": "ALS as Spark scores it",
    "popularity": "most popular",
    "popularity_in_segment": "most popular in the segment",
}


class RecommendationConfig(dg.Config):
    """The number of recommended products, and the parameters of ALS."""

    products_each: int = Field(default=3, ge=1, le=7, description="Products per customer.")
    rank: int | None = Field(
        default=None, ge=1, description="Factors; by default one per four products, 2 to 10."
    )
    alpha: float = Field(
        default=_USUAL.alpha,
        gt=0,
        description="Confidence in a holding is 1 + alpha; in a product not held it is 1.",
    )
    regularization: float = Field(
        default=_USUAL.regularization, gt=0, description="Spark's regParam."
    )
    iterations: int = Field(default=_USUAL.iterations, ge=1, description="Iterations of ALS.")
    seed: int = Field(default=_USUAL.seed, ge=0, description="Seed of the factors and of the test.")
    keep: bool = Field(
        default=False,
        description="Keep the factors of the release in use while holdings and segments are the "
        "same, instead of fitting them. The job `refresh` sets this.",
    )

    @property
    def learning(self) -> Learning:
        """The ALS parameters of this configuration."""
        return Learning(**{name: getattr(self, name) for name in Learning.__dataclass_fields__})


@validated_at_launch(RecommendationConfig)
@dg.multi_asset(
    outs={
        "recommendation_model": dg.AssetOut(
            **_COMMON,
            kinds={"spark", "json"},
            description="Product factors of Spark ML's implicit ALS, a calibration curve for each "
            "product, popularity by segment, and the evaluation on hidden holdings against "
            "popularity. Without holdings it contains only the reason why.",
        ),
        "product_recommendations": dg.AssetOut(
            **_COMMON,
            kinds={"spark", "parquet"},
            description="Up to three products for every customer in a segment, excluding products "
            "the customer holds: by ALS from the customer's holdings, or the most popular of the "
            "segment if there are none. Empty until holdings of these customers arrive.",
            metadata=table_metadata("product_recommendations")
            | {ROW_COUNT_KEY: "n_recommendations"},
        ),
    },
    # Lower priority than other ready steps, so that the classifier does not wait for this.
    op_tags={"dagster/priority": "-1"},
)
def recommend_products(
    context: dg.AssetExecutionContext,
    config: RecommendationConfig,
    spark: SparkResource,
    holdings: HoldingsResource,
    published: PublishedResource,
    product_holdings: DataFrame,
    customer_segments: DataFrame,
) -> Iterator[dg.Output[Any]]:
    """Fit a recommender on the holdings, test it on hidden ones, and recommend to all customers."""
    content = version_basis(published.store.latest("product_holdings")).get("content", "")
    kept = _recommender_in_use(published.store, content) if config.keep else None
    products = kept.model.products if kept else products_of(product_holdings)
    if not products:
        context.log.info(waiting(holdings))
        yield from _no_recommendations(waiting(holdings), matched=True)
        return
    customers = customers_and_holders(product_holdings, customer_segments, products).persist()
    try:
        found = patterns(customers, len(products))
        if not found.coverage.matches:
            # Otherwise popular products of unrelated customers would be offered to all.
            reason = _unrelated_holdings(found.coverage)
            context.log.error(reason)
            yield from _no_recommendations(reason, matched=False)
            return
        objecting = objections(published.store.folder)
        n_objecting = count_among(customers, objecting.ids)
        if n_objecting:
            context.log.info(f"{shown_count(n_objecting)} customers left out by objection.")
        used = kept or _fitted(spark.spark_session, found, products, config, content)
        state = used.document["state"]
        context.log.info(state)
        yield dg.Output(
            dict(used.document), output_name="recommendation_model", metadata=used.metadata
        )
        yield dg.Output(
            without_objections(
                recommend(spark.spark_session, customers, found, used.model, config.products_each),
                objecting.ids,
            ),
            output_name="product_recommendations",
            metadata={"state": state, "left_out_by_objection": shown_count(n_objecting)}
            | _coverage(found),
        )
    finally:
        customers.unpersist()


@dataclass(frozen=True)
class _Recommender:
    """A recommender, kept or fitted, with its document and the metadata to record."""

    model: ProductModel
    document: Mapping[str, Any]
    metadata: Mapping[str, Any]


def _recommender_in_use(store: VersionStore, content: str) -> _Recommender | None:
    """Return the recommender in use, if holdings and segments are the same."""
    found = recommender_in_use(store.folder, holdings=content, kmeans=store.latest(KMEANS))
    if found is None:
        return None
    metadata = {"state": found.document["state"], "kept_from": found.release}
    return _Recommender(found.model, found.document, metadata)


def _fitted(
    session: SparkSession,
    found: Patterns,
    products: list[str],
    config: RecommendationConfig,
    content: str,
) -> _Recommender:
    """Fit a recommender and test it on hidden holdings; ALS needs enough customers to test it."""
    test = split(found, config.seed)
    model = learn(session, test.training, products, config.learning)
    state = "By ALS; by segment for customers without holdings."
    if test.n_tested < LEAST_TESTED:
        model = replace(model, factors=None)
        state = (
            f"By segment only: testing ALS needs {LEAST_TESTED} customers, and only "
            f"{shown_count(test.n_tested)} were sampled from those with two or more products."
        )
    quality = compare_recommenders(test, model)
    document = {
        "state": state,
        "matched": True,
        "holdings": content,
        "model": model.to_json(),
        "test": {
            "customers": test.n_tested,
            "quality": {name: one.to_json() for name, one in quality.items()},
        },
    }
    return _Recommender(model, document, {"state": state} | _quality_text(test, quality))


def _no_recommendations(reason: str, *, matched: bool) -> Iterator[dg.Output[Any]]:
    """Return empty results with the reason. matched: whether holdings belong to the customers."""
    metadata = {"state": reason}
    yield dg.Output(
        {"state": reason, "matched": matched, "model": None, "test": None},
        output_name="recommendation_model",
        metadata=metadata,
    )
    yield dg.Output(SmallTable(), output_name="product_recommendations", metadata=metadata)


def _unrelated_holdings(found: Coverage) -> str:
    return (
        f"{shown_count(found.both)} of the {shown_count(found.holders)} customers in the holdings "
        f"are among the {shown_count(found.customers)} customers with transactions; at least half "
        "of either group was expected. Probably the file writes customer IDs differently or comes "
        "from another bank, or this run uses another customer key. Deliver the holdings with the "
        "customer IDs of the transactions, or withdraw the file: `bankseg deliveries --holdings` "
        "lists it, `bankseg withdraw --holdings SHA` withdraws it. Until then no products are "
        "recommended."
    )


def _quality_text(test: Split, quality: dict[str, Quality]) -> dict[str, Any]:
    if not test.n_tested:
        return {"customers_tested": 0}
    rows = [
        (_NAMES[name], *(f"{getattr(one, measure):.4f}" for measure in _MEASURES))
        for name, one in quality.items()
    ]
    table = raw_table(["ranked by", *_MEASURES.values()], rows)
    best = quality.get("als", quality["popularity_in_segment"])
    return {
        "customers_tested": test.n_tested,
        "map_at_7": best.map_at_7,
        "map_at_7_of_popularity": quality["popularity"].map_at_7,
        "hit_rate_at_3": best.hit_rate_at_3,
        "hit_rate_at_3_of_popularity": quality["popularity"].hit_rate_at_3,
        "quality": dg.MetadataValue.md(table),
    }


def _coverage(found: Patterns) -> dict[str, Any]:
    """Return how many customers have holdings, and how many holders are not customers."""
    coverage = found.coverage
    return {
        "customers": coverage.customers,
        "customers_with_holdings": shown_count(coverage.both),
        "share_with_holdings": coverage.both / max(coverage.customers, 1),
        "holders_without_transactions": shown_count(coverage.holders - coverage.both),
        "patterns": len(np.unique(found.held, axis=0)),
    }
