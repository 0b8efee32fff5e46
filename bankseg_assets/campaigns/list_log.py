"""Record in the audit log that a list of customers was downloaded."""

from bankseg_assets.campaigns.customer_list import CampaignList
from bankseg_assets.privacy.audit import AUDIT_FOLDER, LIST_DOWNLOADED, Event, note
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.lists.score_table import LEFT_OUT

_DETAILS = ("campaign", "customers", "top", LEFT_OUT)


def record_list(release: Release, made: CampaignList) -> None:
    """Record a list: its audience, campaign, rows and release. Never raises OSError."""
    details = {name: made.facts[name] for name in _DETAILS}
    result = f"{made.facts['customers']:,} customers"
    event = Event(LIST_DOWNLOADED, on=str(made.facts["audience"]), result=result, details=details)
    note(release.folder.parent / AUDIT_FOLDER, event)
