"""Assets rfm_grid and rfm_groups: the classic RFM view of the customers, beside the segments."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from pyspark.sql import DataFrame

from bankseg_assets.customers.rfm_grid import GROUP_NAMES, cube, grid, groups_by_segment
from bankseg_assets.defs.assets.common import FRESHNESS, OWNERS, SEGMENTS
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.metadata import table_metadata
from bankseg_assets.defs.resources import DeliveryResource
from bankseg_assets.presentation.formatting import quantity
from bankseg_assets.presentation.markdown import markdown_table
from bankseg_assets.reports.plots import heat_plot
from bankseg_assets.storage.outputs import SmallTable

HIDDEN = "hidden"
_COMMON: dict[str, Any] = {
    "group_name": SEGMENTS,
    "owners": OWNERS,
    "kinds": {"spark", "parquet"},
    "code_version": source_version("customers"),
    "freshness_policy": FRESHNESS,
}

Rows = list[dict[str, Any]]


@dg.multi_asset(
    outs={
        "rfm_grid": dg.AssetOut(
            **_COMMON,
            description="The classic grid: recency score by frequency score, with the days and "
            "transactions behind each score, customers, money, and the most frequent named group "
            "in the cell. Cells of fewer than 11 customers are hidden.",
            metadata=table_metadata("rfm_grid"),
        ),
        "rfm_groups": dg.AssetOut(
            **_COMMON,
            description="Cross-tabulation of the eleven classic named groups and the segments: "
            "customers and money in each cell. Cells of fewer than 11 customers are hidden, and "
            "so are cells from which a hidden one could be computed.",
            metadata=table_metadata("rfm_groups"),
        ),
    },
)
def classic_rfm(
    delivery: DeliveryResource, customer_segments: DataFrame
) -> Iterator[dg.Output[SmallTable]]:
    """Compute both tables in one pass over the customers."""
    cells = cube(customer_segments)
    of_grid, of_groups = grid(cells), groups_by_segment(cells)
    currency = delivery.contract.currency
    yield dg.Output(
        SmallTable(of_grid),
        output_name="rfm_grid",
        metadata={
            "grid": dg.MetadataValue.md(_grid_plot(of_grid, currency)),
            "cells": dg.MetadataValue.md(_grid_table(of_grid, currency)),
        },
    )
    yield dg.Output(
        SmallTable(of_groups),
        output_name="rfm_groups",
        metadata={
            "customers_in_both": dg.MetadataValue.md(_groups_plot(of_groups)),
            "money_in_both": dg.MetadataValue.md(_groups_table(of_groups, currency)),
        },
    )


def _grid_plot(rows: Rows, currency: str) -> str:
    """Plot the customers of each cell, shaded by its money."""
    cells = {(row["recency_score"], row["frequency_score"]): row for row in rows}
    recencies = {row["recency_score"]: _range(row, "recency", "days") for row in rows}
    frequencies = {row["frequency_score"]: _range(row, "frequency", "times") for row in rows}
    across, down = sorted(frequencies), sorted(recencies, reverse=True)
    most = max(abs(float(row["monetary"] or 0)) for row in rows) or 1.0
    return heat_plot(
        [[float(cells[r, f]["monetary"] or 0) / most for f in across] for r in down],
        [[_count(cells[r, f]["customers"]) for f in across] for r in down],
        x_names=[frequencies[f] for f in across],
        y_names=[recencies[r] for r in down],
        title=f"RFM grid: customers; darker cells have more {currency}",
        x_label="transactions",
        y_label="last transaction",
    )


def _grid_table(rows: Rows, currency: str) -> str:
    return markdown_table(
        ["recency", "frequency", "customers", currency, "mostly", "share of it"],
        [
            (
                _range(row, "recency", "days"),
                _range(row, "frequency", "times"),
                _count(row["customers"]),
                _money(row["monetary"]),
                row["rfm_group"] or "",
                "" if row["group_share"] is None else f"{row['group_share']:.0%}",
            )
            for row in rows
            if row["customers"] != 0
        ],
    )


def _groups_plot(rows: Rows) -> str:
    """Plot the customers of each group in each segment, shaded by the share of the segment."""
    cells = {(row["rfm_group"], row["segment_name"]): row for row in rows}
    names = list(dict.fromkeys(row["segment_name"] for row in rows))
    return heat_plot(
        [[cells[group, n]["share_of_segment"] or 0.0 for n in names] for group in GROUP_NAMES],
        [[_count(cells[group, n]["customers"]) for n in names] for group in GROUP_NAMES],
        x_names=names,
        y_names=GROUP_NAMES,
        title="Customers; darker cells are a larger share of the segment",
        x_label="segment",
        y_label="",
    )


def _groups_table(rows: Rows, currency: str) -> str:
    cells = {(row["rfm_group"], row["segment_name"]): row for row in rows}
    names = list(dict.fromkeys(row["segment_name"] for row in rows))
    return markdown_table(
        [f"{currency} by named group and segment", *names],
        [[group, *(_money(cells[group, n]["monetary"]) for n in names)] for group in GROUP_NAMES],
    )


def _range(row: dict[str, Any], measure: str, unit: str) -> str:
    """Return the range of days or times of a score; the score alone if no customer has it."""
    low, high = row[f"{measure}_from"], row[f"{measure}_to"]
    score = row[f"{measure}_score"]
    if low is None:
        return f"{score}: no customers"
    if high is None:
        return f"{score}: {quantity(low, unit)} or more"
    if low == high:
        return f"{score}: {quantity(low, unit)}"
    return f"{score}: {low} to {high} {unit}"


def _count(count: int | None) -> str:
    return HIDDEN if count is None else f"{count:,}"


def _money(amount: float | None) -> str:
    return HIDDEN if amount is None else f"{amount:z,.0f}"
