"""cleaned_transactions and quarantined_transactions: every raw row ends up in exactly one place."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyspark.sql import DataFrame

from bankseg_assets.assets.common import FRESHNESS, INGESTION, OWNERS
from bankseg_assets.assets.raw_transactions import content_of
from bankseg_assets.io_managers import ROW_COUNT_KEY, ParquetFiles, row_count
from bankseg_assets.metadata import table_metadata
from bankseg_assets.resources import DeliveryResource, PublishedResource
from bankseg_assets.transforms import cleaning

CONTENT_HASH_KEY = "content_hash"
"""Metadata: one SHA-256 for the set of delivered contents; the landing sensor compares it."""

_COMMON: dict[str, Any] = {
    "group_name": INGESTION,
    "owners": OWNERS,
    "kinds": {"spark", "parquet"},
    "freshness_policy": FRESHNESS,
}


@dg.multi_asset(
    outs={
        "quarantined_transactions": dg.AssetOut(
            **_COMMON,
            description="Every row that was set aside: reason, file, record number and raw text. "
            "Rows in = cleaned + quarantined + duplicates, held by a blocking check.",
            metadata=table_metadata("quarantined_transactions"),
        ),
        "cleaned_transactions": dg.AssetOut(
            **_COMMON,
            description="Typed, repaired and deduplicated transactions: dates by the declared "
            "format, two-digit birth years by pivot, placeholders to null, locations normalised, "
            "outliers flagged and kept.",
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
    """Judge every raw row by the delivery contract: keep it, or set it aside with the reason."""
    contract, store = delivery.contract, published.store
    # A day of grace: the bank's midnight may come before the server's.
    not_after = datetime.now(UTC).date() + timedelta(days=1)
    judged = cleaning.judge(raw_transactions, contract, not_after=not_after)
    fences = cleaning.outlier_fences(raw_transactions)
    found = cleaning.duplicates(raw_transactions, contract, not_after=not_after).persist()
    try:
        n_found = found.count()
        repeated = found if n_found else None
        raw_version = store.latest("raw_transactions")
        rows_in = row_count(raw_version)
        with store.scratch() as folder:
            # Written first, because parsing is what cleaning costs: when every row is kept, the
            # second pass over the raw rows, for those to set aside, is not needed.
            cleaning.keep(judged, repeated, fences).write.mode("append").parquet(str(folder))
            broken = rows_in - row_count(folder) - n_found
            aside = cleaning.set_aside(judged, repeated, raw_transactions)
            yield dg.Output(
                aside if broken or n_found else aside.limit(0),
                output_name="quarantined_transactions",
            )
            counts = count_dispositions(store.latest("quarantined_transactions"))
            yield dg.Output(
                ParquetFiles({path.name: path for path in folder.glob("*.parquet")}),
                output_name="cleaned_transactions",
                metadata={
                    CONTENT_HASH_KEY: content_of(raw_version),
                    "rows_in": rows_in,
                    "rows_quarantined": counts.get("quarantined", 0),
                    "rows_duplicate": counts.get("duplicate", 0),
                    **{
                        f"{name}_fences": f"{fence.low:,.2f} to {fence.high:,.2f} "
                        f"{contract.currency}"
                        for name, fence in fences.items()
                    },
                },
            )
    finally:
        found.unpersist()


def count_dispositions(version: Path) -> dict[str, int]:
    """Return disposition -> rows of a written quarantined_transactions."""
    table = ds.dataset(sorted(map(str, version.glob("*.parquet")))).to_table(["disposition"])
    counted = pc.value_counts(table["disposition"])
    return {entry["values"]: entry["counts"] for entry in counted.to_pylist()}
