"""Assets value_model and customer_value: what customers will do and spend."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import dagster as dg
from pydantic import Field
from pyspark.sql import DataFrame

from bankseg_assets.attrition.rankings import ranking_at_cut
from bankseg_assets.attrition.rhythm import recent_days
from bankseg_assets.customers import activity
from bankseg_assets.customers.customer_key import RFM_TABLE, key_in_use
from bankseg_assets.customers.histories import Histories, histories
from bankseg_assets.defs.assets.common import FRESHNESS, OWNERS, VALUE
from bankseg_assets.defs.assets.models.keep import model_to_keep
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.launch_checks import validated_at_launch
from bankseg_assets.defs.metadata import table_metadata, table_value
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource
from bankseg_assets.lookup.forecasts import VALUE_MODEL
from bankseg_assets.presentation.markdown import escaped
from bankseg_assets.release.releases import current_release
from bankseg_assets.storage.documents import read_document
from bankseg_assets.storage.outputs import SmallTable
from bankseg_assets.value.baselines import MODEL
from bankseg_assets.value.forecast import ValueModel, cut_day, fit_value, score
from bankseg_assets.value.out_of_time import LEAST_DAYS

_ATTRITION = "attrition"
_COMMON: dict[str, Any] = {
    "group_name": VALUE,
    "owners": OWNERS,
    "code_version": source_version("value"),
    "freshness_policy": FRESHNESS,
}


class ValueConfig(dg.Config):
    """Whether the models are fitted and tested, or kept."""

    keep: bool = Field(
        default=False,
        description="Keep models and test of the release in use while customers and span have not "
        "grown by more than a tenth, instead of fitting them. The job `refresh` sets this.",
    )


@validated_at_launch(ValueConfig)
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
    config: ValueConfig,
    delivery: DeliveryResource,
    published: PublishedResource,
    cleaned_transactions: DataFrame,
    rfm_table: DataFrame,
) -> Iterator[dg.Output[Any]]:
    """Fit, test and score; in numpy, from the distinct histories."""
    found = histories(published.store.latest(RFM_TABLE))
    kept = _kept(context, delivery, published, found) if config.keep else None
    if kept:
        document, release = kept
        metadata = _metadata(document) | {"kept_from": release}
    else:
        key = key_in_use(published.store, delivery.contract.customer_key)
        document = _fitted(found, cleaned_transactions, key)
        metadata = _metadata(document)
    for note in document["notes"]:
        context.log.info(note)
    yield dg.Output(document, output_name=VALUE_MODEL, metadata=metadata)
    scores = score(ValueModel.from_json(document), found.patterns, found.spent)
    yield dg.Output(
        SmallTable(activity.value_rows(found.patterns, scores)), output_name="customer_value"
    )


def _fitted(found: Histories, cleaned: DataFrame, customer_key: str) -> dict[str, Any]:
    """Return the document of models that are fitted and tested on these customers."""
    before = cut_day(found.span)
    followed = None
    if found.span >= LEAST_DAYS:
        followed = activity.followed(
            cleaned,
            customer_key=customer_key,
            cut=found.first_day + timedelta(days=before),
            recent=recent_days(before),
            customers=int(found.patterns.customers.sum()),
        )
    model = fit_value(found.patterns, found.amounts, followed, found.span)
    ranking = ranking_at_cut(
        followed, before, found.span - before, with_model=model.days_by == MODEL
    )
    return model.to_json() | {_ATTRITION: ranking.to_json()}


def _kept(
    context: dg.AssetExecutionContext,
    delivery: DeliveryResource,
    published: PublishedResource,
    found: Histories,
) -> tuple[dict[str, Any], str] | None:
    """Return the document of the models in use, and their release; None to fit models."""
    in_use = model_to_keep(context, delivery, published)
    release = current_release(published.store.folder)
    if in_use is None or release is None or VALUE_MODEL not in release.versions:
        return None
    try:
        document = read_document(release.path(VALUE_MODEL))
        model, attrition = ValueModel.from_json(document), document[_ATTRITION]
    except (OSError, ValueError, KeyError, TypeError) as error:
        context.log.warning(f"The {VALUE_MODEL} of {release.name} cannot be read ({error}).")
        return None
    if not model.suits(found.span, int(found.patterns.customers.sum())):
        context.log.info("Forecasts are fitted: customers or span have grown by over a tenth.")
        return None
    return replace(model, span=found.span).to_json() | {_ATTRITION: attrition}, release.name


def _metadata(document: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "span_days": document["span"],
        "fitted_on_days": document["fitted_span"],
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
