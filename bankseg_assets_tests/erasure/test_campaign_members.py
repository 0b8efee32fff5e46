"""Customers of campaigns are erased, reported to them, and removed for their age."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.campaigns.stored_campaigns import CAMPAIGNS_FOLDER, all_campaigns, members_of
from bankseg_assets.erasure.forget import finish_interrupted, forget
from bankseg_assets.erasure.limits import Limits
from bankseg_assets.erasure.retention import retain
from bankseg_assets.erasure.subject import held_on, in_words
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.documents import write_json
from bankseg_assets_tests.campaigns.test_looks import campaign
from bankseg_assets_tests.erasure.bank import CANARY, CONTRACT, Bank, bank
from bankseg_assets_tests.erasure.test_forget import traces
from bankseg_assets_tests.erasure.test_retention import find_old

SPRING = campaign(30)
REPLACED = f"replace campaigns/{SPRING.id}/members.parquet"


def with_campaign(tmp_path: Path) -> Bank:
    """Return a bank with a campaign of three customers, and one whose making was interrupted."""
    found = bank(tmp_path)
    folder = found.settings.data_dir / CAMPAIGNS_FOLDER
    for name in (SPRING.id, ".draft-1"):
        (folder / name).mkdir(parents=True)
        table = pa.table(
            {
                "customer_id": ["C1", CANARY, "C2"],
                "held_out": [True, False, False],
                "segment": ["Big", "Small", "Small"],
                "rfm_group": ["Champions", None, "Lost"],
                "spend_before": [1.0, 25.0, 3.0],
                "transactions_before": [1.0, 2.0, 3.0],
            }
        )
        pq.write_table(table, folder / name / "members.parquet", compression="zstd")
    write_json(folder / SPRING.id / "campaign.json", SPRING.model_dump(mode="json"))
    return found


def members(settings: Settings) -> list[str]:
    (one,) = all_campaigns(settings.data_dir)
    found: list[str] = members_of(settings.data_dir, one)["customer_id"].tolist()
    return found


def test_erased_customer_leaves_campaigns(tmp_path: Path) -> None:
    found = with_campaign(tmp_path)
    erased = forget(found.settings, CONTRACT, [CANARY])
    assert traces(found.settings.data_dir) == []
    assert erased.remaining == ()
    assert members(found.settings) == ["C1", "C2"]
    assert {one.name: one.rows for one in erased.plan.places}["campaign_members"] == 1
    assert not (found.settings.data_dir / CAMPAIGNS_FOLDER / ".draft-1").exists()


@pytest.mark.parametrize("after", [False, True])
def test_killed_erasure_of_a_campaign_is_finished(tmp_path: Path, after: bool) -> None:
    found = with_campaign(tmp_path)
    seen: list[str] = []

    def step(name: str) -> None:
        seen.append(name)
        if REPLACED in seen and (name == REPLACED) != after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        forget(found.settings, CONTRACT, [CANARY], step=step)
    assert finish_interrupted(found.settings.data_dir)
    assert members(found.settings) == ["C1", "C2"]


def test_campaigns_are_in_the_answer_to_a_customer(tmp_path: Path) -> None:
    found = with_campaign(tmp_path)
    held = held_on(found.settings, CONTRACT, CANARY)
    (one,) = held.campaigns
    assert (one["name"], one["days"]) == ("Spring", "2016-10-22 to 2016-11-20")
    text = in_words(held)
    assert "Campaign Spring, 2016-10-22 to 2016-11-20:" in text
    assert "held_out: False  (Whether the customer is in the control group)" in text
    assert held_on(found.settings, CONTRACT, "C6").campaigns == []
    assert held.as_document()["campaigns"][0]["row"]["segment"] == "Small"


def test_customers_of_old_campaigns_leave(tmp_path: Path) -> None:
    """The campaign ended in November 2016; its result is of many customers, and stays."""
    found = with_campaign(tmp_path)

    def places(months: int, *, dry_run: bool) -> set[str]:
        done = retain(
            *(found.settings, CONTRACT, Limits(transactions_months=months), find_old),
            now=datetime(2026, 11, 27, tzinfo=UTC),
            dry_run=dry_run,
        )
        return {one.name for one in done.places}

    assert "customers of campaigns" not in places(126, dry_run=False)
    assert "customers of campaigns" in places(119, dry_run=True)
    assert len(members(found.settings)) == 3
    assert "customers of campaigns" in places(119, dry_run=False)
    assert not list((found.settings.data_dir / CAMPAIGNS_FOLDER).rglob("*.parquet"))
    assert len(all_campaigns(found.settings.data_dir)) == 1
