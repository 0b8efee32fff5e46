"""Read the campaigns below the data folder.

Each has a folder with `campaign.json` and `members.parquet`: who is in it, treated or held out, and
the history of each customer before the start.
"""

import shutil
from contextlib import suppress
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from bankseg_assets.campaigns.campaign import Campaign, CampaignError, CampaignRequest
from bankseg_assets.campaigns.drawing import OtherCampaign, is_close, overlaps
from bankseg_assets.campaigns.members import MEMBERS_FILE, arms, read_members
from bankseg_assets.storage.documents import first_fault

CAMPAIGNS_FOLDER = "campaigns"
"""The folder of campaigns in the data folder."""
CAMPAIGN_FILE = "campaign.json"
DRAFT = ".draft-"


def all_campaigns(data_dir: Path) -> list[Campaign]:
    """Return all readable campaigns, newest first; none is not an error."""
    folder = data_dir / CAMPAIGNS_FOLDER
    if not folder.is_dir():
        return []
    found = []
    for path in folder.glob(f"[!.]*/{CAMPAIGN_FILE}"):
        with suppress(CampaignError):  # damaged, or removed meanwhile
            found.append(_read(path))
    return sorted(found, key=lambda one: (one.created_at, one.id), reverse=True)


def find_campaign(data_dir: Path, id_or_name: str) -> Campaign:
    """Return the campaign of an ID or name, in any case. Raises CampaignError."""
    wanted = " ".join(id_or_name.split()).casefold()
    known = all_campaigns(data_dir)
    for one in known:
        if wanted in (one.id.casefold(), one.name.casefold()):
            return one
    names = ", ".join(one.name for one in known) or "none"
    raise CampaignError(f"There is no campaign {id_or_name[:60]!r}; expected one of: {names}.")


def members_of(data_dir: Path, campaign: Campaign) -> pd.DataFrame:
    """Return the customers of a campaign, as CAMPAIGN_MEMBERS. Raises CampaignError."""
    return read_members(members_file(data_dir, campaign))


def other_campaigns(data_dir: Path, request: CampaignRequest) -> list[OtherCampaign]:
    """Return the campaigns that matter to a request: on the same days, or within its limit."""
    found = []
    for one in all_campaigns(data_dir):
        if not (overlaps(request, one) or is_close(request, one)):
            continue
        with suppress(CampaignError):
            path = members_file(data_dir, one)
            found.append(OtherCampaign(one, *arms(read_members(path, ["customer_id", "held_out"]))))
    return found


def campaign_folder(data_dir: Path, campaign: Campaign) -> Path:
    """Return the folder of a campaign."""
    return data_dir / CAMPAIGNS_FOLDER / campaign.id


def members_file(data_dir: Path, campaign: Campaign) -> Path:
    """Return the path of the customers of a campaign."""
    return campaign_folder(data_dir, campaign) / MEMBERS_FILE


def member_files(data_dir: Path) -> list[Path]:
    """Return the tables of customers of all campaigns, also of damaged ones."""
    return sorted((data_dir / CAMPAIGNS_FOLDER).glob(f"[!.]*/{MEMBERS_FILE}"))


def sweep_campaigns(data_dir: Path) -> None:
    """Remove what processes that were killed left behind; the caller keeps others out."""
    for path in (data_dir / CAMPAIGNS_FOLDER).glob(f"{DRAFT}*"):
        shutil.rmtree(path, ignore_errors=True)


def _read(path: Path) -> Campaign:
    try:
        return Campaign.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise CampaignError(f"{path}: {first_fault(error)}.") from error
    except OSError as error:
        raise CampaignError(f"{path} cannot be read: {error.strerror}.") from error
