"""The campaigns below the data folder: make, list, end and remove them.

Each has a folder with `campaign.json` and `members.parquet`: who is in it, treated or held out, and
the history of each customer before the start. A folder gets its name by one rename, so that a
campaign is there as a whole or not at all.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from bankseg_assets.campaigns.audiences import slug
from bankseg_assets.campaigns.campaign import Campaign, CampaignError, CampaignRequest
from bankseg_assets.campaigns.campaign_audience import only, validated
from bankseg_assets.campaigns.customer_list import CampaignList, Choice, make_list
from bankseg_assets.campaigns.drawing import Drawn, draw
from bankseg_assets.campaigns.history import before, history
from bankseg_assets.campaigns.members import MEMBERS_FILE, write_members
from bankseg_assets.campaigns.planning import plan_of
from bankseg_assets.campaigns.stored_campaigns import (
    CAMPAIGN_FILE,
    CAMPAIGNS_FOLDER,
    DRAFT,
    all_campaigns,
    campaign_folder,
    find_campaign,
    members_of,
    other_campaigns,
    sweep_campaigns,
)
from bankseg_assets.campaigns.transaction_sums import sums_between
from bankseg_assets.presentation.disclosure import shown_count
from bankseg_assets.privacy.audit import AUDIT_FOLDER, Event, actor, note
from bankseg_assets.release.releases import Release, now
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.storage.documents import json_bytes, replace_json
from bankseg_assets.storage.exclusive_lock import held_alone
from bankseg_assets.storage.fsync import sync_file, sync_folder
from bankseg_assets.storage.run_lock import held_by_run

__all__ = [
    "all_campaigns",
    "create_campaign",
    "end_campaign",
    "find_campaign",
    "list_of_campaign",
    "members_of",
    "remove_campaign",
]
_LOCK_FILE = ".lock"
_MADE, _ENDED, _REMOVED = "campaign made", "campaign ended", "campaign removed"


def create_campaign(release: Release, bundle: Bundle, request: CampaignRequest) -> Campaign:
    """Draw the control group and store the campaign; recorded in the audit log.

    Raises CampaignError, such as for a name that is in use, ListError and OSError.
    """
    data_dir = release.folder.parent
    name = validated(request)
    # An erasure between the drawing and the writing would leave the erased in the campaign.
    with held_by_run(release.folder), _locked(data_dir):
        known = all_campaigns(data_dir)
        if any(one.name.casefold() == name.casefold() for one in known):
            raise CampaignError(
                f"There is a campaign {name!r} already, and the name draws the control group. "
                "Choose another name, such as one with the month."
            )
        drawn = draw(release, bundle, request, other_campaigns(data_dir, request))
        campaign = _write(data_dir, release, bundle, request, drawn)
    details: dict[str, str | int | float] = {
        "audience": campaign.audience,
        "treated": shown_count(campaign.treated),
        "held_out": shown_count(campaign.held_out),
        "days": f"{campaign.starts_on} to {campaign.ends_on}",
    }
    result = f"{campaign.customers:,} customers"
    _record(data_dir, Event(_MADE, on=campaign.id, result=result, details=details))
    return campaign


def end_campaign(
    data_dir: Path, id_or_name: str, *, last_day: date | None = None, why: str = ""
) -> Campaign:
    """End a campaign early: `last_day` is the last that is measured (default: today).

    Only before its last day, and not before its first. Recorded in the audit log. Raises
    CampaignError and OSError.
    """
    with _locked(data_dir):
        campaign = find_campaign(data_dir, id_or_name)
        last = last_day or datetime.now(UTC).date()
        if not campaign.starts_on <= last < campaign.ends_on:
            until = campaign.ends_on - timedelta(days=1)
            raise CampaignError(
                f"last_day: expected a day from {campaign.starts_on} to {until}, the days of "
                f"{campaign.name!r} before its last, but found {last}."
            )
        ended = campaign.model_copy(
            update={"ends_on": last, "ended_at": now(), "ended_by": actor(), "why_ended": why}
        )
        replace_json(
            campaign_folder(data_dir, campaign) / CAMPAIGN_FILE, ended.model_dump(mode="json")
        )
    _record(data_dir, Event(_ENDED, on=campaign.id, why=why, result=f"last day {last}"))
    return ended


def remove_campaign(data_dir: Path, id_or_name: str, *, why: str = "") -> Campaign:
    """Remove a campaign with its customers; return what it was. Recorded in the audit log.

    Its result disappears with the next delivery. Raises CampaignError and OSError.
    """
    # An erasure removes abandoned folders, such as this one while it is emptied.
    with held_by_run(Settings(data_dir=data_dir).published_dir), _locked(data_dir):
        campaign = find_campaign(data_dir, id_or_name)
        # Renamed first: readers see the whole campaign or none.
        trash = data_dir / CAMPAIGNS_FOLDER / f"{DRAFT}{uuid4().hex}"
        campaign_folder(data_dir, campaign).rename(trash)
        sync_folder(trash.parent)
        shutil.rmtree(trash)
    _record(data_dir, Event(_REMOVED, on=campaign.id, why=why, result="removed"))
    return campaign


def list_of_campaign(
    release: Release, bundle: Bundle, campaign: Campaign, actions: Mapping[int, str]
) -> CampaignList:
    """Return the list of a campaign, with the columns of `make_list`, to write to files.

    Its customers in the release, with `held_out_of_campaign` as drawn when it was made. Customers
    who object since are left out, and counted in the facts. `actions`: segment -> recommended
    action. Record a download with `list_log.record_list`. Raises CampaignError and ListError.
    """
    ids = members_of(release.folder.parent, campaign)["customer_id"]
    # The control group depends on name, share and ID alone: it is the one that was stored.
    choice = Choice(campaign.name, share=campaign.request.share)
    return make_list(release, bundle, only(campaign.audience, ids), choice, actions)


def _write(
    data_dir: Path, release: Release, bundle: Bundle, request: CampaignRequest, drawn: Drawn
) -> Campaign:
    treated, held_out = drawn.sizes
    snapshot = date.fromisoformat(bundle.snapshot_date)
    days = before(release, snapshot, request)
    sums = (
        sums_between(release, drawn.ids, [days[0], days[1] + timedelta(days=1)]) if days else None
    )
    past = history(release, snapshot, request, drawn.customers)
    plan = plan_of(release, bundle, request, drawn, past)
    stored = days if days and sums is not None else (None, None)
    folder = data_dir / CAMPAIGNS_FOLDER
    campaign = Campaign(
        id=_free_id(folder, drawn.name),
        name=drawn.name,
        audience=drawn.audience,
        request=request,
        created_at=now(),
        created_by=actor(),
        starts_on=request.starts_on,
        ends_on=request.ends_on,
        release=release.name,
        is_demo=release.is_demo,
        currency=bundle.currency,
        customer_key=release.customer_key,
        snapshot_date=bundle.snapshot_date,
        customers=treated + held_out,
        treated=treated,
        held_out=held_out,
        left_out_by_objection=drawn.left_out_by_objection,
        left_out_by_contact=drawn.left_out_by_contact,
        before_from=stored[0],
        before_to=stored[1],
        plan_sentences=plan.sentences,
    )
    draft = folder / f"{DRAFT}{uuid4().hex}"
    draft.mkdir()
    try:
        write_members(draft / MEMBERS_FILE, drawn, bundle.segment_names, sums)
        (draft / CAMPAIGN_FILE).write_bytes(json_bytes(campaign.model_dump(mode="json")))
        for path in draft.iterdir():
            sync_file(path)
        sync_folder(draft)
        draft.rename(folder / campaign.id)
        sync_folder(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return campaign


def _free_id(folder: Path, name: str) -> str:
    """Return the name for a folder; names may differ only in signs."""
    base = slug(name)
    numbers = (base if number == 1 else f"{base}-{number}" for number in range(1, 10_000))
    return next(one for one in numbers if not (folder / one).exists())


def _record(data_dir: Path, event: Event) -> None:
    note(data_dir / AUDIT_FOLDER, event)


@contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    """Keep other writers out, and remove what a killed one left."""
    with held_alone(data_dir / CAMPAIGNS_FOLDER / _LOCK_FILE):
        sweep_campaigns(data_dir)
        yield
