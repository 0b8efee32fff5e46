"""The table of a campaign's customers: `members.parquet`."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.campaigns.campaign import CampaignError
from bankseg_assets.campaigns.drawing import Drawn
from bankseg_assets.campaigns.transaction_sums import Sums
from bankseg_assets.contracts.tables import Column, Table

MEMBERS_FILE = "members.parquet"
CAMPAIGN_MEMBERS = Table(
    "campaign_members",
    (
        Column("customer_id", "string", "The customer key of the release"),
        Column("held_out", "boolean", "Whether the customer is in the control group"),
        Column("segment", "string", "Name of the segment when the campaign was made"),
        Column("rfm_group", "string", "RFM group at that time", nullable=True),
        Column("spend_before", "double", "Spend in the period before", "currency", nullable=True),
        Column(
            "transactions_before",
            "double",
            "Transactions in the period before",
            "transactions",
            nullable=True,
        ),
    ),
)
"""Not an asset: it is drawn once, and only an erasure changes it."""
_TYPES = {"string": pa.string(), "boolean": pa.bool_(), "double": pa.float64()}
_SCHEMA = pa.schema([(column.name, _TYPES[column.type]) for column in CAMPAIGN_MEMBERS.columns])


def write_members(path: Path, drawn: Drawn, names: dict[int, str], before: Sums | None) -> None:
    """Write the customers of a campaign; `names`: of segments. `before`: one stretch."""
    table = drawn.customers
    groups = table["rfm_group"].cast(pa.string()) if "rfm_group" in table.column_names else None
    empty = pa.nulls(table.num_rows, pa.float64())
    columns = [
        table["customer_id"].cast(pa.string()),
        pa.array(drawn.held_out),
        pa.array(table["segment"].to_pandas().map(names).fillna(""), pa.string()),
        pa.nulls(table.num_rows, pa.string()) if groups is None else groups,
        empty if before is None else pa.array(before.spend[:, 0]),
        empty if before is None else pa.array(before.transactions[:, 0]),
    ]
    pq.write_table(pa.table(columns, schema=_SCHEMA), path, compression="zstd")


def read_members(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Return the customers of a campaign, as CAMPAIGN_MEMBERS. Raises CampaignError."""
    try:
        found: pd.DataFrame = pq.read_table(path, columns=columns).to_pandas()
    except FileNotFoundError as error:
        raise CampaignError(
            f"The customers of the campaign {path.parent.name} were removed for their age, so that "
            "neither a list nor a new result can be made."
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise CampaignError(
            f"{path} cannot be read ({type(error).__name__}). Restore it from a backup, or remove "
            "the campaign."
        ) from error
    return found


def arms(members: pd.DataFrame) -> tuple[frozenset[str], frozenset[str]]:
    """Return the IDs of the customers treated and held out."""
    held_out = members["held_out"].to_numpy(np.bool_)
    ids = members["customer_id"]
    return frozenset(ids[~held_out]), frozenset(ids[held_out])
