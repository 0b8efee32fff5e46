"""The tables' columns: every one is typed, explained and named once."""

import re

import pytest
from pyspark.sql import SparkSession

from bankseg_assets.contracts.delivery import DELIVERED, DeliveryContract
from bankseg_assets.contracts.feature_catalogue import FEATURES
from bankseg_assets.contracts.tables import (
    CUSTOMER_SEGMENTS,
    MONEY,
    RAW_TRANSACTIONS,
    RFM_TABLE,
    TABLES,
    TOTAL,
    VALUE_COLUMNS,
    Table,
)
from bankseg_assets.defs.assets.models.nb_classifier import ClassifierConfig
from bankseg_assets.scoring.bundle import DERIVED
from bankseg_assets.scoring.evidence import EVIDENCE

SUMMED = ("rfm_grid", "rfm_groups")
tables = pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))


@tables
def test_every_column_has_a_name_of_its_own_and_a_meaning(table: Table) -> None:
    assert len(set(table.names)) == len(table.names)
    for column in table.columns:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", column.name)
        assert column.meaning


@tables
def test_money_is_exact_where_it_is_summed(table: Table) -> None:
    for column in table.columns:
        if column.unit == "currency" and column.name in ("amount", "balance", "monetary"):
            assert column.type == (TOTAL if table.name in SUMMED else MONEY)


@tables
def test_the_schema_is_what_spark_reads(spark: SparkSession, table: Table) -> None:
    schema = spark.createDataFrame([], table.ddl).schema
    assert schema.names == table.names
    for field, column in zip(schema, table.columns, strict=True):
        assert field.dataType.simpleString() == column.type


def test_raw_row_has_delivered_columns_and_their_origin() -> None:
    assert set(DeliveryContract().header) < set(DELIVERED)
    assert RAW_TRANSACTIONS.names == [
        *DELIVERED,
        "source_file",
        "delivery",
        "row_number",
        "malformed_text",
    ]


def test_columns_of_segments_and_rfm_table_agree() -> None:
    shared = set(CUSTOMER_SEGMENTS.columns) & set(RFM_TABLE.columns)
    carried = {column.name for column in shared}
    assert {"customer_id", "recency", "monetary", "latest_balance", "held_out"} <= carried
    assert set(CUSTOMER_SEGMENTS.names) - carried == {
        "segment",
        "segment_name",
        "distance",
        "snapshot_date",  # the same day, explained by what it does there
        *(column.name for column in VALUE_COLUMNS),
    }


def test_features_use_columns_of_both_customer_tables() -> None:
    measures = {feature.measure for feature in FEATURES.values()}
    parts = {part for pair in DERIVED.values() for part in pair}
    for table in (RFM_TABLE, CUSTOMER_SEGMENTS):
        assert measures | parts <= set(table.names)


def test_age_gender_and_place_are_no_features() -> None:
    """Of the segments; in the classifier they are evidence that a run must ask for by name."""
    used = {*FEATURES, *(feature.measure for feature in FEATURES.values())}
    used |= {part for pair in DERIVED.values() for part in pair}
    assert set(EVIDENCE) == {"age", "gender", "location"} <= set(CUSTOMER_SEGMENTS.names)
    assert used.isdisjoint(EVIDENCE)
    assert ClassifierConfig().demographics == []
