"""The campaigns below the data folder: make, list, end and remove them.

Each has a folder with `campaign.json` and `members.parquet`: who is in it, treated or held out, and
the history of each customer before the start. A folder gets its name by one rename, so that a
campaign is there as a whole or not at all.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd

from bankseg_assets.campaigns.campaign import Campaign, CampaignRequest
from bankseg_assets.campaigns.customer_list import CampaignList
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.bundle import Bundle

CAMPAIGNS_FOLDER = "campaigns"
"""The folder of campaigns in the data folder."""


def create_campaign(release: Release, bundle: Bundle, request: CampaignRequest) -> Campaign:
    """Draw the control group and store the campaign; recorded in the audit log.

    Raises CampaignError, such as for a name that is in use, ListError and OSError.
    """
    raise NotImplementedError


def all_campaigns(data_dir: Path) -> list[Campaign]:
    """Return all readable campaigns, newest first; none is no error."""
    raise NotImplementedError


def find_campaign(data_dir: Path, id_or_name: str) -> Campaign:
    """Return the campaign of an ID or name, in any case. Raises CampaignError."""
    raise NotImplementedError


def end_campaign(
    data_dir: Path, id_or_name: str, *, last_day: date | None = None, why: str = ""
) -> Campaign:
    """End a campaign early: `last_day` is the last that is measured (default: today).

    An ended campaign is measured as planned if its last day has passed. Recorded in the audit log.
    Raises CampaignError and OSError.
    """
    raise NotImplementedError


def remove_campaign(data_dir: Path, id_or_name: str, *, why: str = "") -> Campaign:
    """Remove a campaign with its customers; return what it was. Recorded in the audit log.

    Its result disappears with the next delivery. Raises CampaignError and OSError.
    """
    raise NotImplementedError


def members_of(data_dir: Path, campaign: Campaign) -> pd.DataFrame:
    """Return the customers of a campaign, as CAMPAIGN_MEMBERS. Raises CampaignError."""
    raise NotImplementedError


def list_of_campaign(
    release: Release, bundle: Bundle, campaign: Campaign, actions: Mapping[int, str]
) -> CampaignList:
    """Return the list of a campaign, with the columns of `make_list`, to write to files.

    Its customers in the release, with `held_out_of_campaign` as drawn when it was made. Customers
    who object since are left out, and counted in the facts. `actions`: segment -> recommended
    action. Record a download with `list_log.record_list`. Raises CampaignError and ListError.
    """
    raise NotImplementedError
