"""Asset model_card: intended use, training data, quality and limits of the model."""

from typing import Any

import dagster as dg
from pyspark.sql import DataFrame

from bankseg_assets.customers.customer_key import key_in_use
from bankseg_assets.defs.assets.common import CLASSIFIER, FRESHNESS, OWNERS
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource
from bankseg_assets.reports import model_card as cards
from bankseg_assets.storage.outputs import Report


@dg.asset(
    group_name=CLASSIFIER,
    owners=OWNERS,
    kinds={"json"},
    code_version=source_version("reports"),
    freshness_policy=FRESHNESS,
)
def model_card(
    context: dg.AssetExecutionContext,
    delivery: DeliveryResource,
    published: PublishedResource,
    nb_classifier: dict[str, Any],
    pca_model: dict[str, Any],
    kmeans_model: dict[str, Any],
    eda_report: dict[str, Any],
    segment_demographics: DataFrame,
    value_model: dict[str, Any],
) -> Report:
    """Data window, features, choice of k, metrics, limits, fairness, versions and model hash.

    A self-contained HTML page (`report.html` in the version's folder) and the same content as
    JSON. For auditors, and for users who must decide whether the model suits their purpose.
    """
    card = cards.model_card(
        bundle=nb_classifier,
        pca=pca_model,
        kmeans=kmeans_model,
        eda=eda_report,
        demographics=[row.asDict() for row in segment_demographics.collect()],
        value=value_model,
        customer_key=key_in_use(published.store, delivery.contract.customer_key),
        is_demo=delivery.holds_demo_data,
    )
    context.add_output_metadata(
        {
            "model_sha256": card["model"]["sha256"],
            "not_intended": dg.MetadataValue.md(_bullets(card["use"]["not_intended"])),
            "limits": dg.MetadataValue.md(_bullets(card["limits"])),
        }
    )
    return Report(cards.model_card_page(card), card)


def _bullets(texts: list[str]) -> str:
    return "\n".join(f"- {text}" for text in texts)
