"""Schemas and column lineage, from the contracts."""

import pytest

from bankseg_assets.contracts.tables import TABLES, Column, Table
from bankseg_assets.defs.metadata import (
    column_lineage,
    table_metadata,
    table_schema,
    table_value,
)
from bankseg_assets.presentation.markdown import markdown_table

SOURCES = {"raw_transactions", "product_holdings", "quarantined_holdings"}
DERIVED = sorted(TABLES.keys() - SOURCES)


def test_schema_has_type_meaning_unit_and_nullability() -> None:
    table = Table(
        "purses",
        (
            Column("owner", "string", "Who carries it"),
            Column("content", "bigint", "What is in it", "coins", nullable=True),
        ),
    )
    shown = [
        (column.name, column.type, column.description, column.constraints.nullable)
        for column in table_schema(table).columns
    ]
    assert shown == [
        ("owner", "string", "Who carries it", False),
        ("content", "bigint", "What is in it (coins)", True),
    ]


def test_table_value_has_no_minus_before_a_zero() -> None:
    found = table_value(["name", "share", "rows"], [["a", round(-0.004, 2), 0]])
    assert [str(list(one.data.values())) for one in found.records] == ["['a', 0, 0]"]


@pytest.mark.parametrize("name", TABLES)
def test_table_asset_has_schema(name: str) -> None:
    assert table_metadata(name) == {"dagster/column_schema": table_schema(TABLES[name])}


@pytest.mark.parametrize("name", DERIVED)
def test_lineage_refers_to_existing_columns(name: str) -> None:
    lineage = column_lineage(name)
    assert lineage is not None
    assert set(lineage.deps_by_column) <= set(TABLES[name].names)
    for column, dependencies in lineage.deps_by_column.items():
        assert dependencies, column
        for dependency in dependencies:
            upstream = TABLES[dependency.asset_key.to_user_string()]
            assert dependency.column_name in upstream.names


@pytest.mark.parametrize("name", ["cleaned_transactions", "rfm_table", "recommended_actions"])
def test_every_computed_column_has_lineage(name: str) -> None:
    lineage = column_lineage(name)
    assert lineage is not None
    assert set(lineage.deps_by_column) == set(TABLES[name].names)


@pytest.mark.parametrize("name", [*sorted(SOURCES), "pca_model", "eda_report"])
def test_non_derived_asset_has_no_lineage(name: str) -> None:
    assert column_lineage(name) is None


def test_markdown_table_is_markdown() -> None:
    assert markdown_table(["place", "customers"], [["PUNE", 12], ["DELHI", 9]]) == (
        "| place | customers |\n|---|---|\n| PUNE | 12 |\n| DELHI | 9 |"
    )


def test_table_value_has_types_and_records() -> None:
    found = table_value(["place", "customers"], [("Pune", 12), ("Agra", 30)])
    assert [(column.name, column.type) for column in found.schema.columns] == [
        ("place", "string"),
        ("customers", "float"),
    ]
    assert [row.data for row in found.records] == [
        {"place": "Pune", "customers": 12},
        {"place": "Agra", "customers": 30},
    ]
    assert table_value(["place"], []).records == []
