"""Campaigns are made, found, ended and removed as a whole, and each act is recorded."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from bankseg_assets.campaigns import campaign_store
from bankseg_assets.campaigns.campaign import CampaignError
from bankseg_assets.campaigns.campaign_store import (
    all_campaigns,
    create_campaign,
    end_campaign,
    find_campaign,
    list_of_campaign,
    members_of,
    remove_campaign,
)
from bankseg_assets.campaigns.members import CAMPAIGN_MEMBERS
from bankseg_assets.campaigns.stored_campaigns import CAMPAIGNS_FOLDER
from bankseg_assets.privacy.audit import AuditLog
from bankseg_assets_tests.campaigns.campaign_bank import CUSTOMERS, SNAPSHOT, bank, request


def test_campaign_is_stored_with_its_customers(tmp_path: Path) -> None:
    release, bundle = bank(tmp_path)
    made = create_campaign(release, bundle, request(name=" Spring  2027 ", goal="More visits"))
    (found,) = all_campaigns(tmp_path)
    assert found == made == find_campaign(tmp_path, "spring 2027")
    assert (found.id, found.name, found.customers) == ("spring-2027", "Spring 2027", CUSTOMERS)
    assert (found.before_from, found.before_to) == (
        SNAPSHOT - timedelta(days=30),
        SNAPSHOT - timedelta(days=1),
    )
    assert found.plan_sentences
    members = members_of(tmp_path, found)
    assert members.columns.tolist() == CAMPAIGN_MEMBERS.names
    assert int(members["held_out"].sum()) == found.held_out
    # All transactions of the last thirty days.
    assert members["transactions_before"].sum() > CUSTOMERS
    assert members["spend_before"].min() == 0


def test_campaign_without_history_is_stored(tmp_path: Path) -> None:
    made = create_campaign(*bank(tmp_path, with_transactions=False), request())
    assert made.before_from is None
    assert members_of(tmp_path, made)["spend_before"].isna().all()


def test_acts_are_recorded_without_customers(tmp_path: Path) -> None:
    create_campaign(*bank(tmp_path), request())
    end_campaign(tmp_path, "Spring", last_day=SNAPSHOT + timedelta(days=9), why="Budget")
    remove_campaign(tmp_path, "spring", why="Mistake")
    entries = list(AuditLog(tmp_path / "audit").entries())
    assert [(one["what"], one["on"], one["why"]) for one in entries] == [
        ("campaign made", "spring", ""),
        ("campaign ended", "spring", "Budget"),
        ("campaign removed", "spring", "Mistake"),
    ]
    assert "C1" not in str(entries)


def test_name_is_used_once(tmp_path: Path) -> None:
    given = bank(tmp_path)
    create_campaign(*given, request())
    with pytest.raises(CampaignError, match="There is a campaign 'SPRING' already"):
        create_campaign(*given, request(name="SPRING"))
    assert create_campaign(*given, request(name="Spring!")).id == "spring-2"


def test_list_has_the_control_group_that_was_drawn(tmp_path: Path) -> None:
    release, bundle = bank(tmp_path)
    made = create_campaign(release, bundle, request(groups=("Champions",)))
    found = list_of_campaign(release, bundle, made, {})
    members = members_of(tmp_path, made).set_index("customer_id")["held_out"]
    listed = found.customers.set_index("customer_id")["held_out_of_campaign"]
    assert listed.to_dict() == members.to_dict()
    assert found.facts["campaign"] == "Spring"


def test_campaign_ends_between_its_days(tmp_path: Path) -> None:
    create_campaign(*bank(tmp_path), request())
    for day in (SNAPSHOT - timedelta(days=1), SNAPSHOT + timedelta(days=29), None):
        with pytest.raises(CampaignError, match="last_day: expected a day from 2016-10-22 to"):
            end_campaign(tmp_path, "spring", last_day=day)
    ended = end_campaign(tmp_path, "spring", last_day=date(2016, 10, 31))
    assert (ended.days, ended.request.days) == (10, 30)
    assert ended.status(date(2016, 10, 25)) == "ended"


def test_status_follows_the_days(tmp_path: Path) -> None:
    made = create_campaign(*bank(tmp_path), request())
    days = (SNAPSHOT - timedelta(days=1), SNAPSHOT, SNAPSHOT + timedelta(days=30))
    assert [made.status(day) for day in days] == ["planned", "running", "ended"]


def test_removed_campaign_leaves_nothing(tmp_path: Path) -> None:
    create_campaign(*bank(tmp_path), request())
    remove_campaign(tmp_path, "Spring")
    assert all_campaigns(tmp_path) == []
    assert not list((tmp_path / CAMPAIGNS_FOLDER).rglob("*.parquet"))
    with pytest.raises(CampaignError, match="There is no campaign 'Spring'; expected one of: none"):
        find_campaign(tmp_path, "Spring")


def test_interrupted_campaign_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was killed between two files leaves no campaign, and no customer for long."""
    given = bank(tmp_path)
    with monkeypatch.context() as killed:
        killed.setattr(campaign_store, "sync_file", _die)
        killed.setattr(campaign_store.shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            create_campaign(*given, request())
    assert all_campaigns(tmp_path) == []
    assert list((tmp_path / CAMPAIGNS_FOLDER).rglob("*.parquet"))
    create_campaign(*given, request(name="Next"))
    assert len(list((tmp_path / CAMPAIGNS_FOLDER).rglob("*.parquet"))) == 1


def test_damaged_campaign_hides_no_other(tmp_path: Path) -> None:
    given = bank(tmp_path)
    create_campaign(*given, request())
    create_campaign(*given, request(name="Other"))
    (tmp_path / CAMPAIGNS_FOLDER / "spring" / "campaign.json").write_text("{", encoding="utf-8")
    assert [one.name for one in all_campaigns(tmp_path)] == ["Other"]


def _die(_: Path) -> None:
    raise KeyboardInterrupt
