"""Asset segment_profiles: a description of each segment for marketers."""

from typing import Any

import dagster as dg
from pyspark.sql import DataFrame

from bankseg_assets.defs.assets.common import FRESHNESS, OWNERS, SEGMENTS
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.io_managers import ROW_COUNT_KEY
from bankseg_assets.defs.metadata import table_metadata
from bankseg_assets.defs.resources import DeliveryResource
from bankseg_assets.presentation.markdown import escaped, markdown_table
from bankseg_assets.presentation.phrases import REMOVED_BEFORE, knows_direction
from bankseg_assets.profiling.profiles import INCOME, INDEXED, profile
from bankseg_assets.storage.outputs import SmallTable


@dg.asset(
    group_name=SEGMENTS,
    owners=OWNERS,
    kinds={"spark", "parquet"},
    code_version=source_version("profiling"),
    freshness_policy=FRESHNESS,
    metadata=table_metadata("segment_profiles") | {ROW_COUNT_KEY: "n_segments"},
)
def segment_profiles(
    context: dg.AssetExecutionContext,
    delivery: DeliveryResource,
    customer_segments: DataFrame,
    segment_demographics: DataFrame,
) -> SmallTable:
    """Size, share, value, quartiles, index, name, sentence, rule, places and people of a segment.

    The rule has at most three thresholds, fitted on a sample of the customers. Its coverage (share
    of members who fulfil it) and exclusivity (share of those who fulfil it that are members) are
    measured on all customers.
    """
    demographics = [row.asDict() for row in segment_demographics.collect()]
    rows = profile(customer_segments, demographics, delivery.contract.currency)
    removed = delivery.removed_before
    context.add_output_metadata(
        ({REMOVED_BEFORE: removed.isoformat()} if removed else {})
        | {
            "sentences": _list(rows, "sentence"),
            "rules": dg.MetadataValue.md(_rules(rows)),
            "indices": dg.MetadataValue.md(_indices(rows)),
            "places": dg.MetadataValue.md(_places(rows)),
            "people": _list(rows, "people"),
        }
    )
    return SmallTable(rows)


def _list(rows: list[dict[str, Any]], column: str) -> dg.MarkdownMetadataValue:
    lines = [f"- **{row['segment_name']}**: {escaped(row[column])}" for row in rows]
    return dg.MetadataValue.md("\n".join(lines))


def _rules(rows: list[dict[str, Any]]) -> str:
    """Return the rule of each segment with coverage and exclusivity."""
    return markdown_table(
        ["segment", "rule", "coverage: % of members", "exclusivity: % of matches"],
        [
            (row["segment_name"], row["rule"], *map(_percent, (coverage, exclusivity)))
            for row in rows
            for coverage, exclusivity in [(row["rule_coverage"], row["rule_exclusivity"])]
            if row["rule"]
        ],
    )


def _indices(rows: list[dict[str, Any]]) -> str:
    """Return each measure's index (100 is the mean of all customers) and quartiles."""
    direction_known = any(map(knows_direction, rows))
    measures = [name for name in INDEXED if direction_known or name != INCOME]
    return markdown_table(
        ["segment", *(f"{name}: index, quartiles" for name in measures)],
        [[row["segment_name"], *(_spread(row, name) for name in measures)] for row in rows],
    )


def _spread(row: dict[str, Any], name: str) -> str:
    if row[f"index_{name}"] is None:
        return "unknown"
    quartiles = [row[f"{quartile}_{name}"] for quartile in ("lower_quartile", "upper_quartile")]
    if None in quartiles:
        return f"{row[f'index_{name}']:z.0f}"
    return f"{row[f'index_{name}']:z.0f}, " + " to ".join(f"{value:z,.0f}" for value in quartiles)


def _places(rows: list[dict[str, Any]]) -> str:
    """Return the locations that are significantly over-represented."""
    return markdown_table(
        ["segment", "place", "customers", "share", "index"],
        [
            (
                row["segment_name"],
                place["location"],
                f"{place['customers']:,}",
                _percent(place["share"]),
                f"{place['index']:z.0f}",
            )
            for row in rows
            for place in row["top_locations"]
        ],
    )


def _percent(share: float) -> str:
    return f"{share:.1%}"
