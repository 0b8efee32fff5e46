"""Assets cleaned_transactions and quarantined_transactions: every raw row is in exactly one."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
from pyspark.sql import DataFrame

from bankseg_assets.cleaning.date_advice import date_advice
from bankseg_assets.cleaning.incremental import Cleaned, clean
from bankseg_assets.cleaning.outliers import Fences
from bankseg_assets.cleaning.rules_version import CLEANING_RULES
from bankseg_assets.cleaning.transaction_ids import repeated_shares
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.tables import DELIVERY_DIGITS
from bankseg_assets.defs.assets.common import FRESHNESS, INGESTION, OWNERS
from bankseg_assets.defs.assets.ingestion.raw_transactions import content_of
from bankseg_assets.defs.io_managers import ROW_COUNT_KEY
from bankseg_assets.defs.metadata import table_metadata, table_value
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource
from bankseg_assets.landing.ledger import by_precedence

CONTENT_HASH_KEY = "content_hash"
"""Metadata: one SHA-256 for the set of delivered contents; the landing sensor compares it."""
CONTRACT_KEY = "contract_fingerprint"
"""Metadata: hash of the contract that validated the rows; the landing sensor compares it, too."""

MOST_IDENTICAL = 0.03
"""Share of a delivery's rows without IDs: few customers buy the same twice on one day."""

MOST_FENCES = 40  # rows that are shown

_COMMON: dict[str, Any] = {
    "group_name": INGESTION,
    "owners": OWNERS,
    "kinds": {"spark", "parquet"},
    "code_version": str(CLEANING_RULES),
    "freshness_policy": FRESHNESS,
}


@dg.multi_asset(
    outs={
        "quarantined_transactions": dg.AssetOut(
            **_COMMON,
            description="Every quarantined row: reason, file, record number and raw text. For each "
            "file, rows in = cleaned + quarantined + duplicates; a blocking check verifies this.",
            metadata=table_metadata("quarantined_transactions"),
        ),
        "cleaned_transactions": dg.AssetOut(
            **_COMMON,
            description="Typed, repaired and deduplicated transactions: dates by the declared "
            "format, two-digit birth years by pivot, placeholders to null, locations normalised, "
            "outliers flagged and kept. Incremental: only new files are cleaned, as long as the "
            "contract, the cleaning rules and the earlier files are unchanged.",
            metadata=table_metadata("cleaned_transactions") | {ROW_COUNT_KEY: "rows_clean"},
        ),
    },
)
def clean_transactions(
    context: dg.AssetExecutionContext,
    delivery: DeliveryResource,
    published: PublishedResource,
    raw_transactions: DataFrame,
) -> Iterator[dg.Output[Any]]:
    """Validate every raw row against the contract: keep it, or quarantine it with the reason."""
    store, contract = published.store, delivery.contract
    raw_version = store.latest("raw_transactions")
    deliveries = {d.sha256[:DELIVERY_DIGITS]: d for d in delivery.ledger.deliveries()}
    latest = contract.on_conflict == "latest"
    winners = by_precedence(deliveries.values(), latest=latest)
    with store.scratch(context.run.run_id) as folder:
        cleaned = clean(
            raw_transactions.sparkSession,
            store,
            folder,
            contract,
            taken_on={key: date.fromisoformat(d.taken_at[:10]) for key, d in deliveries.items()},
            winners=[d.sha256[:DELIVERY_DIGITS] for d in winners],
        )
        context.log.info(cleaned.summary)
        advice = date_advice(
            cleaned.quarantined.files.values(),
            contract.columns["transaction_date"],
            rows_in=cleaned.rows_in,
        )
        if advice:
            context.log.warning(advice)
        for warning in identical_rows(cleaned, contract):
            context.log.warning(warning)
        yield dg.Output(cleaned.quarantined, output_name="quarantined_transactions")
        yield dg.Output(
            cleaned.kept,
            output_name="cleaned_transactions",
            metadata={
                CONTENT_HASH_KEY: content_of(raw_version),
                CONTRACT_KEY: contract.fingerprint,
                "rows_in": cleaned.rows_in,
                "rows_quarantined": cleaned.rows_not_kept.get("quarantined", 0),
                "rows_duplicate": cleaned.rows_not_kept.get("duplicate", 0),
                "deliveries": cleaned.n_deliveries,
                "deliveries_cleaned_now": cleaned.n_new,
                "fences": _fences(cleaned.fences, contract),
            },
        )


def identical_rows(cleaned: Cleaned, contract: DeliveryContract) -> list[str]:
    """Return a sentence for each delivery with many identical rows."""
    shares = repeated_shares(cleaned.kept.files.values(), contract)
    return [
        f"{share:.0%} of the rows of delivery {delivery} are identical to an earlier row in it. "
        "They are counted as separate transactions, because the contract names no transaction ID. "
        "If the file contains its rows twice, withdraw it; if it has a unique ID, name it under "
        "[columns.transaction_id]."
        for delivery, share in sorted(shares.items())
        if share > MOST_IDENTICAL
    ]


def _fences(
    found: dict[str, dict[str, Fences]], contract: DeliveryContract
) -> dg.TableMetadataValue:
    form, currency = f"z,.{contract.decimals}f", contract.currency
    rows = [
        (delivery, measure, f"{fence.low:{form}} to {fence.high:{form}} {currency}")
        for delivery, of_delivery in sorted(found.items())
        for measure, fence in of_delivery.items()
    ]
    return table_value(["delivery", "measure", "Tukey's fences"], rows[:MOST_FENCES])
