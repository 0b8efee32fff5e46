"""Asset checks of holdings, recommendations and actions; see `core`."""

from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyspark.sql import DataFrame

from bankseg_assets.cleaning.incremental import dispositions
from bankseg_assets.contracts.tables import DELIVERY_DIGITS
from bankseg_assets.defs.checks.faults import platform_fault
from bankseg_assets.defs.resources import DeliveryResource, HoldingsResource, PublishedResource
from bankseg_assets.products.current_delivery import holdings_in_use
from bankseg_assets.storage.outputs import row_count

WAITS = "There are no holdings yet."
AS_GOOD = 1e-9  # means over equal rankings may differ in the last digit


@dg.asset_check(asset="product_holdings", additional_deps=["quarantined_holdings"], blocking=True)
def every_holding_is_accounted_for(
    published: PublishedResource, delivery: DeliveryResource, holdings: HoldingsResource
) -> dg.AssetCheckResult:
    """Rows in the file = kept + quarantined + duplicates, counted in the written files."""
    used = holdings_in_use(holdings.ledger.deliveries(), delivery.ledger.deliveries())
    store = published.store
    kept = row_count(store.latest("product_holdings"))
    not_kept = dispositions(store.latest("quarantined_holdings").glob("*.parquet"))
    found = not_kept.get(used.sha256[:DELIVERY_DIGITS] if used else "", {})
    records = used.records if used else 0
    rows = {
        "rows_in": records,
        "rows_kept": kept,
        "rows_quarantined": found.get("quarantined", 0),
        "rows_duplicate": found.get("duplicate", 0),
        "rows_lost": records - kept - sum(found.values()),
    }
    fault = (
        f"{used.file_name if used else 'Without a file'}: expected {records:,} rows, found "
        f"{kept:,} kept, {rows['rows_quarantined']:,} quarantined and {rows['rows_duplicate']:,} "
        "duplicate."
    )
    return dg.AssetCheckResult(
        passed=rows["rows_lost"] == 0,
        description=platform_fault([fault] if rows["rows_lost"] else ())
        or (None if used else WAITS),
        metadata=rows
        | {
            f"reason_{reason}": count
            for reason, count in _reasons(store.latest("quarantined_holdings")).items()
        },
    )


@dg.asset_check(asset="product_holdings")
def no_holdings_file_is_rejected(holdings: HoldingsResource) -> dg.AssetCheckResult:
    """Warn about holdings files that could not be read; the previous file stays in use."""
    rejected = [d for d in holdings.ledger.deliveries() if d.status == "rejected"]
    return dg.AssetCheckResult(
        passed=not rejected,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"rejected_files": len(rejected)}
        | {d.sha256[:DELIVERY_DIGITS]: f"{d.file_name}: {d.reason}" for d in rejected[-20:]},
    )


@dg.asset_check(
    asset="product_recommendations", additional_deps=["product_holdings"], blocking=True
)
def only_known_products_are_recommended(published: PublishedResource) -> dg.AssetCheckResult:
    """Every recommended product occurs in the holdings, and ranks begin at 1."""
    known = _values(published.store.latest("product_holdings"), "product")
    version = published.store.latest("product_recommendations")
    strange = _values(version, "product") - known
    ranks = _values(version, "rank")
    faults = []
    if strange:
        faults.append(f"{len(strange):,} recommended products are not in the holdings.")
    if ranks != set(range(1, len(ranks) + 1)):
        faults.append(f"Expected ranks from 1 on, found {', '.join(map(str, sorted(ranks)))}.")
    return dg.AssetCheckResult(
        passed=not faults,
        description=platform_fault(faults) or (None if known else WAITS),
        metadata={
            "products_known": len(known),
            "products_recommended": len(_values(version, "product")),
            "products_unknown": len(strange),
            "most_products_a_customer": max(ranks, default=0),
        },
    )


@dg.asset_check(asset="recommendation_model")
def holdings_are_of_the_customers(recommendation_model: dict[str, Any]) -> dg.AssetCheckResult:
    """Most holders are known customers; otherwise no products are recommended.

    Does not block, because segments and scores do not depend on holdings.
    """
    return dg.AssetCheckResult(
        passed=recommendation_model.get("matched", True),  # not recorded by older builds
        description=recommendation_model["state"],
    )


@dg.asset_check(asset="recommendation_model")
def als_is_as_good_as_popularity(recommendation_model: dict[str, Any]) -> dg.AssetCheckResult:
    """Warn if ALS predicts hidden holdings less accurately than popularity does."""
    quality = (recommendation_model["test"] or {}).get("quality", {})
    if "als" not in quality:
        return dg.AssetCheckResult(
            passed=True,
            severity=dg.AssetCheckSeverity.WARN,
            description=recommendation_model["state"],
        )
    baselines = ("popularity", "popularity_in_segment")
    found = {name: quality[name]["map_at_7"] for name in ("als", *baselines)}
    best = max(baselines, key=lambda name: found[name])
    passed = found["als"] >= found[best] - AS_GOOD
    return dg.AssetCheckResult(
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=None
        if passed
        else f"MAP@7 of ALS is {found['als']:.4f}, of {best} {found[best]:.4f}: try another rank.",
        metadata={f"map_at_7_of_{name}": value for name, value in found.items()},
    )


@dg.asset_check(
    asset="recommended_actions",
    additional_ins={"segment_profiles": dg.AssetIn("segment_profiles")},
    blocking=True,
)
def every_segment_has_an_action(
    recommended_actions: DataFrame, segment_profiles: DataFrame
) -> dg.AssetCheckResult:
    """Every segment has one row with an action and a reason."""
    rows = recommended_actions.collect()
    wanted = {row["segment"] for row in segment_profiles.select("segment").collect()}
    given = [row["segment"] for row in rows if row["action"].strip() and row["reason"].strip()]
    faults = [f"Expected one action for each of {len(wanted)} segments, found {len(given)}."]
    passed = sorted(given) == sorted(wanted)
    return dg.AssetCheckResult(
        passed=passed,
        description=platform_fault(() if passed else faults),
        metadata={
            "segments": len(wanted),
            "different_actions": len({row["action"] for row in rows}),
        },
    )


PRODUCT_CHECKS = [
    every_holding_is_accounted_for,
    no_holdings_file_is_rejected,
    only_known_products_are_recommended,
    holdings_are_of_the_customers,
    als_is_as_good_as_popularity,
    every_segment_has_an_action,
]


def _files(version: Path) -> list[str]:
    return sorted(map(str, version.glob("*.parquet")))


def _reasons(version: Path) -> dict[str, int]:
    counted = ds.dataset(_files(version)).to_table(["reason"])["reason"].value_counts().to_pylist()
    return {row["values"]: row["counts"] for row in counted}


def _values(version: Path, column: str) -> set[Any]:
    """Return the distinct values of a written column, read in batches."""
    found: set[Any] = set()
    for batch in ds.dataset(_files(version)).to_batches(columns=[column]):
        found |= set(pc.unique(batch[column]).to_pylist())
    return found
