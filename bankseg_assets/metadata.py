"""Schemas and column lineage as Dagster shows them, from the contracts."""

from typing import Any

import dagster as dg

from bankseg_assets.contracts import RFM_TABLE, TABLES, Table

_MEASURES = {
    "recency": ["transaction_at"],
    "frequency": ["transaction_id"],
    "monetary": ["amount"],
    "average_amount": ["amount"],
    "average_balance": ["balance"],
    "latest_balance": ["balance", "transaction_at"],
    "age": ["birth_date", "transaction_at"],
    "gender": ["gender"],
    "location": ["location"],
    "recency_score": ["transaction_at"],
    "frequency_score": ["transaction_id"],
    "monetary_score": ["amount"],
    "rfm_group": ["transaction_at", "transaction_id", "amount"],
    "identity_conflict": ["birth_date", "gender"],
    "customer_id": ["customer_id"],
    "snapshot_date": ["transaction_at"],
    "held_out": ["customer_id"],
}
_CLEANED = {
    name: [name]
    for name in (
        "transaction_id",
        "customer_id",
        "birth_date",
        "gender",
        "location",
        "balance",
        "amount",
        "source_file",
        "delivery",
        "row_number",
    )
} | {
    "transaction_at": ["transaction_date", "transaction_time"],
    "outlier_flags": ["amount", "balance"],
}
_KEPT = ("source_file", "delivery", "row_number")

# Table -> (table it comes from, column -> columns there).
_LINEAGE: dict[str, tuple[str, dict[str, list[str]]]] = {
    "cleaned_transactions": ("raw_transactions", _CLEANED),
    "quarantined_transactions": ("raw_transactions", {name: [name] for name in _KEPT}),
    "rfm_table": ("cleaned_transactions", _MEASURES),
    "customer_segments": ("rfm_table", {name: [name] for name in RFM_TABLE.names}),
    "segment_profiles": (
        "customer_segments",
        {
            "segment": ["segment"],
            "segment_name": ["segment_name"],
            "customers": ["customer_id"],
            "share_of_customers": ["customer_id"],
            "total_monetary": ["monetary"],
            "share_of_money": ["monetary"],
        }
        | {
            f"{kind}_{name}": [name]
            for kind in ("median", "index")
            for name in ("recency", "frequency", "monetary", "average_amount", "average_balance")
        }
        | {"median_age": ["age"]},
    ),
}


def table_schema(table: Table) -> dg.TableSchema:
    """Return a table's columns with types, units, meaning and nullability."""
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
    """Return from which columns upstream each column of a table comes; None for other assets."""
    if name not in _LINEAGE:
        return None
    source, columns = _LINEAGE[name]
    known = set(TABLES[name].names)
    upstream = dg.AssetKey(source)
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key=upstream, column_name=name) for name in names]
            for column, names in columns.items()
            if column in known
        }
    )
