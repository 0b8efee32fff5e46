"""Assets value_model and customer_value: what customers will do and spend."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import dagster as dg
from pyspark.sql import DataFrame

from bankseg_assets.attrition.rankings import ranking_at_cut
from bankseg_assets.attrition.rhythm import recent_days
from bankseg_assets.customers import activity
from bankseg_assets.customers.customer_key import key_in_use
from bankseg_assets.defs.assets.common import FRESHNESS, OWNERS, VALUE
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.metadata import table_metadata, table_value
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.storage.outputs import SmallTable
from bankseg_assets.value.forecast import cut_day, fit_value, score
from bankseg_assets.value.out_of_time import LEAST_DAYS, MODEL

_COMMON: dict[str, Any] = {
    "group_name": VALUE,
    "owners": OWNERS,
    "code_version": source_version("value"),
    "freshness_policy": FRESHNESS,
}


@dg.multi_asset(
    outs={
        "value_model": dg.AssetOut(
            **_COMMON,
            kinds={"json"},
            description="BG/NBD and Gamma-Gamma, fitted on the histories of all customers; their "
            "test on the last third of the span, beside two baselines; and which forecast is used.",
        ),
        "customer_value": dg.AssetOut(
            **_COMMON,
            kinds={"parquet"},
            description="One row per history that customers share (days with transactions, recency "
            "and age): its customers, the probability that they are still active, and forecasts "
            "for 30, 90 and 365 days. `customer_segments` has those of each customer.",
            metadata=table_metadata("customer_value"),
        ),
    },
)
def value_of_customers(
    context: dg.AssetExecutionContext,
    delivery: DeliveryResource,
    published: PublishedResource,
    cleaned_transactions: DataFrame,
    rfm_table: DataFrame,
) -> Iterator[dg.Output[Any]]:
    """Fit, test and score; in numpy, from the distinct histories."""
    found = activity.histories(rfm_table)
    followed = None
    if found.span >= LEAST_DAYS:
        followed = activity.followed(
            cleaned_transactions,
            customer_key=key_in_use(published.store, delivery.contract.customer_key),
            cut=found.first_day + timedelta(days=cut_day(found.span)),
            recent=recent_days(cut_day(found.span)),
            customers=int(found.patterns.customers.sum()),
        )
    model = fit_value(found.patterns, activity.amounts(rfm_table), followed, found.span)
    for note in model.notes:
        context.log.info(note)
    ranking = ranking_at_cut(
        followed,
        cut_day(found.span),
        found.span - cut_day(found.span),
        with_model=model.days_by == MODEL,
    )
    document = model.to_json() | {"attrition": ranking.to_json()}
    yield dg.Output(document, output_name="value_model", metadata=_metadata(document))
    scores = score(model, found.patterns, found.spent)
    yield dg.Output(
        SmallTable(activity.value_rows(found.patterns, scores)), output_name="customer_value"
    )


def _metadata(document: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "span_days": document["span"],
        "days_forecast_by": document["days_by"],
        "spending_forecast_by": document["spend_by"],
        "notes": dg.MetadataValue.md("\n".join(f"- {escaped(n)}" for n in document["notes"])),
    }
    for what in ("days", "spend"):
        rows = [
            [name, *(_number(one[key]) for key in ("total_error", "mae", "rank_correlation"))]
            for name, one in document[f"{what}_quality"].items()
        ]
        if rows:
            heads = ["forecast", "total error", "MAE", "rank correlation"]
            found[f"test_of_{what}"] = table_value(heads, rows)
    for name in ("purchases", "money"):
        if parameters := document[name]:
            found[f"{name}_parameters"] = ", ".join(
                f"{key} {value:.4g}" for key, value in parameters.items()
            )
    return found


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
