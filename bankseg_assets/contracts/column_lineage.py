"""The upstream columns from which each column of a table is made."""

from bankseg_assets.contracts.tables import CUSTOMER_VALUE, RFM_TABLE, TABLES, VALUE_COLUMNS

_MEASURES = {
    "recency": ["transaction_at"],
    "frequency": ["transaction_id"],
    "monetary": ["amount"],
    "average_amount": ["amount"],
    "first_day": ["transaction_at"],
    "active_days": ["transaction_at"],
    "average_balance": ["balance"],
    "latest_balance": ["balance", "transaction_at"],
    "income": ["amount", "direction"],
    "birth_date": ["birth_date", "transaction_at"],
    "age": ["birth_date", "age", "transaction_at"],
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
        "age",
        "source_file",
        "delivery",
        "row_number",
    )
} | {
    "transaction_at": ["transaction_date", "transaction_time"],
    "amount": ["amount", "debit", "credit", "quantity", "unit_price", "currency"],
    "direction": ["direction", "debit", "credit", "amount"],
    "outlier_flags": ["amount", "balance"],
}
_RULED = [
    *("index_recency", "index_frequency"),
    *("median_average_amount", "median_average_balance"),
]
_HISTORY = ("active_days", "recency", "first_day")
_KEPT = ("source_file", "delivery", "row_number")
_QUARTILES = ("lower_quartile", "median", "upper_quartile")
_CELLS = {"customers": ["customer_id"], "monetary": ["monetary"], "rfm_group": ["rfm_group"]}

# Table -> (table it comes from, column -> columns there).
_LINEAGE: dict[str, tuple[str, dict[str, list[str]]]] = {
    "cleaned_transactions": ("raw_transactions", _CLEANED),
    "quarantined_transactions": ("raw_transactions", {name: [name] for name in _KEPT}),
    "rfm_table": ("cleaned_transactions", _MEASURES),
    "customer_segments": (
        "rfm_table",
        {name: [name] for name in RFM_TABLE.names}
        | {column.name: [*_HISTORY, "monetary"] for column in VALUE_COLUMNS},
    ),
    "customer_value": (
        "rfm_table",
        {name: [*_HISTORY] for name in CUSTOMER_VALUE.names} | {"customers": ["customer_id"]},
    ),
    "watch_list": (
        "customer_segments",
        {name: [name] for name in ("customer_id", "recency", "active_days")}
        | {
            "reason": [*_HISTORY, "latest_balance", "average_balance"],
            "next_step": [*_HISTORY, "latest_balance", "average_balance"],
            "risk": [*_HISTORY, "p_alive"],
            "money_at_risk": [*_HISTORY, "p_alive", "monetary"],
            "usual_spend_90": ["first_day", "monetary"],
            "usual_gap": [*_HISTORY],
        },
    ),
    "segment_profiles": (
        "customer_segments",
        {
            "segment": ["segment"],
            "segment_name": ["segment_name"],
            "customers": ["customer_id"],
            "share_of_customers": ["customer_id"],
            "total_monetary": ["monetary"],
            "share_of_money": ["monetary"],
            "total_income": ["income"],
        }
        | {
            f"{kind}_{name}": [name]
            for kind in (*_QUARTILES, "index")
            for name in (
                *("recency", "frequency", "monetary", "average_amount", "average_balance"),
                "income",
            )
        }
        | {f"{kind}_age": ["age"] for kind in _QUARTILES}
        | {"top_locations": ["location"], "people": ["age", "gender", "location"]},
    ),
    "segment_demographics": (
        "customer_segments",
        {
            "segment": ["segment"],
            "segment_name": ["segment_name"],
            "value": ["age", "gender", "location"],
            "customers": ["customer_id"],
        }
        | {name: ["customer_id"] for name in ("share_of_segment", "share_of_all", "share_reached")}
        | {name: ["age", "gender", "location"] for name in ("index", "distance")},
    ),
    "rfm_grid": (
        "customer_segments",
        _CELLS
        | {"recency_score": ["recency_score"], "frequency_score": ["frequency_score"]}
        | {name: ["recency"] for name in ("recency_from", "recency_to")}
        | {name: ["frequency"] for name in ("frequency_from", "frequency_to")}
        | {"group_share": ["rfm_group"]},
    ),
    "rfm_groups": (
        "customer_segments",
        _CELLS
        | {"segment": ["segment"], "segment_name": ["segment_name"]}
        | {"share_of_segment": ["customer_id"]},
    ),
    "segment_migration": (
        "customer_segments",
        {
            "to_segment": ["segment"],
            "to_name": ["segment_name"],
            "moved": ["segment"],
            "customers": ["customer_id"],
            "money": ["monetary"],
            "to_snapshot": ["snapshot_date"],
        },
    ),
    "recommended_actions": (
        "segment_profiles",
        {
            name: [name]
            for name in (
                *("segment", "segment_name", "customers", "share_of_customers"),
                *("total_monetary", "share_of_money"),
            )
        }
        | {"action": _RULED, "reason": [*_RULED, "total_monetary"], "channel": _RULED},
    ),
    "product_recommendations": (
        "product_holdings",
        {name: [name] for name in ("customer_id", "product")}
        | {name: ["customer_id", "product"] for name in ("rank", "score", "source")},
    ),
}


def upstream_columns(name: str) -> tuple[str, dict[str, list[str]]] | None:
    """Return the table that a table is made from, and column -> columns there; None if unknown."""
    if name not in _LINEAGE:
        return None
    source, columns = _LINEAGE[name]
    known = set(TABLES[name].names)
    return source, {column: names for column, names in columns.items() if column in known}
