"""Asset eda_report: one self-contained page for analysts, and the tables behind it."""

from typing import Any

import dagster as dg
from pyspark.sql import DataFrame

from bankseg_assets.cleaning.amounts import has_direction
from bankseg_assets.customers.eda import explore
from bankseg_assets.customers.transaction_counts import TransactionCounts
from bankseg_assets.defs.assets.common import FRESHNESS, INSIGHT, OWNERS
from bankseg_assets.defs.code_versions import source_version
from bankseg_assets.defs.resources import DeliveryResource
from bankseg_assets.presentation.phrases import REMOVED_BEFORE
from bankseg_assets.reports.eda_page import eda_page
from bankseg_assets.reports.plots import bar_plot
from bankseg_assets.storage.outputs import Report


@dg.asset(
    group_name=INSIGHT,
    owners=OWNERS,
    kinds={"spark", "plotly"},
    code_version=source_version("reports"),
    freshness_policy=FRESHNESS,
)
def eda_report(
    context: dg.AssetExecutionContext,
    delivery: DeliveryResource,
    transaction_counts: dict[str, Any],
    quarantined_transactions: DataFrame,
    rfm_table: DataFrame,
) -> Report:
    """Missing values, distributions, outliers, correlations, time, places, people, conflicts.

    One self-contained HTML page (`report.html` in the version's folder; includes plotly, works
    offline) and the tables behind it as JSON. Cells of fewer than 11 customers are omitted. If the
    contract defines which transactions are income, they are reported separately, and all other
    figures cover spending only.
    """
    tables = explore(
        TransactionCounts.from_json(transaction_counts),
        quarantined_transactions,
        rfm_table,
        has_direction=has_direction(delivery.contract),
        has_age="age" in delivery.contract.columns,
    )
    overview = tables["overview"][0]
    if removed := delivery.removed_before:
        overview[REMOVED_BEFORE] = removed.isoformat()
    days = tables["transactions_by_day"]
    hours = tables["transactions_by_hour"]
    context.add_output_metadata(
        {
            "transactions": overview["transactions"],
            "customers": overview["customers"],
            "days": len(days),
            "identity_conflict_share_of_repeat": overview["identity_conflict_share_of_repeat"],
            "hours": dg.MetadataValue.md(
                bar_plot(
                    [str(row["hour"]) for row in hours],
                    [row["rows"] for row in hours],
                    title="Transactions by hour",
                    x_label="transactions",
                    y_label="hour",
                )
            ),
        }
    )
    return Report(eda_page(tables, currency=delivery.contract.currency), tables)
