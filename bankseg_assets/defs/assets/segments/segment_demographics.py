"""Asset segment_demographics: how segments differ in attributes that are not features."""

from typing import Any

import dagster as dg
from pyspark.sql import DataFrame

from bankseg_assets.defs.assets.common import FRESHNESS, OWNERS, SEGMENTS
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.metadata import table_metadata
from bankseg_assets.presentation.markdown import markdown_table
from bankseg_assets.profiling.demographics import ATTRIBUTES, demographics
from bankseg_assets.reports.plots import heat_plot
from bankseg_assets.storage.outputs import SmallTable

HIDDEN = "hidden"
DARKEST_INDEX = 200.0
_PLOTTED = ("age_band", "gender")

Rows = list[dict[str, Any]]


@dg.asset(
    group_name=SEGMENTS,
    owners=OWNERS,
    kinds={"spark", "parquet"},
    code_version=source_version("profiling"),
    freshness_policy=FRESHNESS,
    metadata=table_metadata("segment_demographics"),
)
def segment_demographics(
    context: dg.AssetExecutionContext, customer_segments: DataFrame
) -> SmallTable:
    """Age bands, genders and places of each segment, compared with all customers.

    They are not features of the model. The table shows how much segments still differ in them, and
    which customers an offer to one segment would reach. Cells of fewer than 11 customers are
    hidden, and so are cells from which a hidden one could be computed.
    """
    rows = demographics(customer_segments)
    largest = max(rows, key=lambda row: row["distance"] or 0.0)
    context.add_output_metadata(
        {
            "largest_distance": largest["distance"] or 0.0,
            "largest_distance_is_of": f"{largest['segment_name']}, {largest['attribute']}",
            "distances": dg.MetadataValue.md(_distances(rows)),
            "mix": dg.MetadataValue.md(_mix(rows)),
            "index": dg.MetadataValue.md(_index_plot(rows)),
        }
    )
    return SmallTable(rows)


def _distances(rows: Rows) -> str:
    """Return the total variation distances: how many of 100 members differ from all customers."""
    found = {(row["segment_name"], row["attribute"]): row["distance"] for row in rows}
    return markdown_table(
        ["members of 100 who differ from the mix of all customers", *ATTRIBUTES],
        [[name, *(_in_100(found[name, a]) for a in ATTRIBUTES)] for name in _names(rows)],
    )


def _mix(rows: Rows) -> str:
    """Return every value's share in each segment and overall."""
    cells = {(row["attribute"], row["value"], row["segment_name"]): row for row in rows}
    of_all = {(row["attribute"], row["value"]): row["share_of_all"] for row in rows}
    names = _names(rows)
    return markdown_table(
        ["attribute", "value", "all customers", *names],
        [
            [*key, _percent(whole), *(_percent(cells[*key, n]["share_of_segment"]) for n in names)]
            for key, whole in of_all.items()
        ],
    )


def _index_plot(rows: Rows) -> str:
    """Plot the index of every age band and gender: 100 is as in all customers, 200 is darkest."""
    found = {(row["value"], row["segment_name"]): row["index"] for row in _plotted(rows)}
    values, names = list(dict.fromkeys(value for value, _ in found)), _names(rows)
    indices = [[found[value, name] for name in names] for value in values]
    return heat_plot(
        [[min((index or 0.0) / DARKEST_INDEX, 1.0) for index in line] for line in indices],
        [[HIDDEN if index is None else f"{index:.0f}" for index in line] for line in indices],
        x_names=names,
        y_names=values,
        title="Age and gender: 100 is the share in all customers",
        x_label="segment",
        y_label="",
    )


def _plotted(rows: Rows) -> Rows:
    named = [row for row in rows if row["attribute"] in _PLOTTED]
    # `unknown` is a value of both.
    return [row | {"value": f"{ATTRIBUTES[row['attribute']]} {row['value']}"} for row in named]


def _names(rows: Rows) -> list[str]:
    return list(dict.fromkeys(row["segment_name"] for row in rows))


def _percent(share: float | None) -> str:
    return HIDDEN if share is None else f"{share:.1%}"


def _in_100(distance: float | None) -> str:
    return HIDDEN if distance is None else f"{100 * distance:.1f}"
