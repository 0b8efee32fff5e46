"""Dagster metadata of assets: table schemas and column lineage from the contracts, tables."""

from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

from bankseg_assets.contracts.column_lineage import upstream_columns
from bankseg_assets.contracts.tables import TABLES, Table


def table_schema(table: Table) -> dg.TableSchema:
    """Return a table's schema with types, units, descriptions and nullability."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                column.type,
                description=column.meaning + (f" ({column.unit})" if column.unit else ""),
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for column in table.columns
        ]
    )


def table_metadata(name: str) -> dict[str, Any]:
    """Return the definition metadata of a table asset."""
    return {"dagster/column_schema": table_schema(TABLES[name])}


def column_lineage(name: str) -> dg.TableColumnLineage | None:
    """Return the upstream columns of each column of a table; None for other assets."""
    found = upstream_columns(name)
    if found is None:
        return None
    source, columns = found
    upstream = dg.AssetKey(source)
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key=upstream, column_name=name) for name in names]
            for column, names in columns.items()
        }
    )


def table_value(
    head: Sequence[str], rows: Iterable[Sequence[str | int | float]]
) -> dg.TableMetadataValue:
    """Return a table as metadata that Dagster shows with its columns' types."""
    # A zero without the minus that rounding leaves before it.
    lines = [[cell or 0 if isinstance(cell, float) else cell for cell in row] for row in rows]
    columns = zip(*lines, strict=True) if lines else ([] for _ in head)
    kinds = [
        "string" if any(isinstance(cell, str) for cell in cells) else "float" for cells in columns
    ]
    schema = dg.TableSchema(
        [dg.TableColumn(name, kind) for name, kind in zip(head, kinds, strict=True)]
    )
    records = [dg.TableRecord(dict(zip(head, line, strict=True))) for line in lines]
    return dg.MetadataValue.table(records, schema)
