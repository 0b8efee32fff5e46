"""Files of a campaign's list: CSV with a companion JSON, or XLSX with a sheet of the same facts."""

import json
from io import BytesIO

from bankseg_assets.campaigns.audiences import CELL, Audience, slug
from bankseg_assets.campaigns.customer_list import CampaignList
from bankseg_assets.presentation.csv_export import to_csv
from bankseg_assets.presentation.spreadsheet import write_xlsx

FACTS_SHEET, CUSTOMERS_SHEET = "About this list", "Customers"


def file_stem(audience: Audience, snapshot_date: str, top: int) -> str:
    """Return the name of a list's file, without its ending.

    >>> file_stem(Audience("group", "At risk"), "2016-10-22", 500)
    'win-back_at-risk_2016-10-22_top-500'
    """
    purpose = "rfm-cell" if audience.kind == CELL else audience.purpose
    parts = [purpose, slug(audience.name), snapshot_date, f"top-{top}" if top else ""]
    return "_".join(filter(None, parts))


def csv_of(found: CampaignList) -> bytes:
    """Return the customers as CSV; `json_of` has what is the same for all."""
    return to_csv(found.customers)


def json_of(found: CampaignList) -> bytes:
    """Return the facts that are the same for all customers of a list."""
    return (json.dumps(dict(found.facts), ensure_ascii=False, indent=2) + "\n").encode()


def xlsx_of(found: CampaignList) -> bytes:
    """Return a workbook: the customers first, then the facts of the list."""
    file = BytesIO()
    facts = [[name.replace("_", " "), value] for name, value in found.facts.items()]
    write_xlsx(file, {CUSTOMERS_SHEET: found.customers, FACTS_SHEET: facts})
    return file.getvalue()
