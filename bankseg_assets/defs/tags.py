"""Tags of runs that more than one module reads, and of assets."""

from bankseg_assets.contracts.tables import TABLES
from bankseg_assets.landing.customer_rows import IDENTIFYING

REFIT_TAG = "bankseg/refit_of"
"""The model that a run refits."""

PERSONAL_DATA = {"personal_data": "customer_ids"}
"""The tag of assets with rows of single customers."""


def asset_tags(asset: str) -> dict[str, str]:
    """Return the tags of an asset, by which the catalog is filtered."""
    columns = TABLES[asset].names if asset in TABLES else ()
    return PERSONAL_DATA if set(IDENTIFYING) & set(columns) else {}
