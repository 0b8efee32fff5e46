"""The column that is the customer key of a release."""

from bankseg_assets.contracts.tables import CLEANED_TRANSACTIONS
from bankseg_assets.release.releases import Release

_USUAL = "customer_id"


def key_column(release: Release) -> str | None:
    """Return the column of the transactions that is the customer key; None for an expression."""
    key = release.customer_key.strip().strip("`").lower() or _USUAL
    column = next((one for one in CLEANED_TRANSACTIONS.columns if one.name == key), None)
    return column.name if column is not None and column.type == "string" else None
