"""What the customers of campaigns did, from Spark."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from bankseg_assets.customers.campaign_spending import spending
from bankseg_assets_tests.frames import cleaned_frame

pytestmark = pytest.mark.slow
EDGES = [date(2016, 9, 1), date(2016, 9, 11), date(2016, 9, 21)]


def row(customer: str, day: int, amount: int, **changes: object) -> dict[str, object]:
    return {
        "customer_id": customer,
        "transaction_at": datetime(2016, 9, day, 23, 59, 59),
        "amount": Decimal(amount),
    } | changes


def test_sums_are_those_of_members_between_edges(spark: SparkSession, tmp_path: Path) -> None:
    """Income and other customers do not count; refunds do; a customer may be in two campaigns."""
    rows = [
        *(row("C1", 1, 5), row("C1", 10, 7), row("C1", 11, -20), row("C1", 21, 1_000)),
        *(row("C2", 20, 3), row("C2", 20, 900, direction="income"), row("C9", 5, 4)),
    ]
    files = []
    for name, ids in (("a [1]", ["C1", "C2"]), ("b", ["C1", "C3"])):
        files.append(tmp_path / name / "members.parquet")
        files[-1].parent.mkdir()
        table = pa.table({"customer_id": ids, "held_out": [True, False]})
        pq.write_table(table, files[-1])
    found = spending(
        cleaned_frame(spark, rows), files, EDGES, customer_key="concat(customer_id, '')"
    )
    ordered = found.sort_values(["customer_id", "stretch"]).to_numpy().tolist()
    assert ordered == [["C1", 0, 12.0, 2], ["C1", 1, -20.0, 1], ["C2", 1, 3.0, 1]]
