"""Customers who object are in no list, and their number is shown; downloads are recorded."""

import os
from pathlib import Path
from typing import Any

import pytest

from bankseg_assets.campaigns.audiences import Audience
from bankseg_assets.campaigns.customer_list import CampaignList, Choice, left_out, make_list
from bankseg_assets.campaigns.list_log import record_list
from bankseg_assets.privacy.audit import AuditLog
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets_tests.campaigns.test_customer_list import CHAMPIONS, released

OBJECTING = ["C94", "C95", "C3"]


def object_to(folder: Path, *customers: str, header: str = "customer_id") -> None:
    path = folder / "objections" / "today.csv"
    path.parent.mkdir()
    path.write_text("\n".join([header, *customers, "C999"]) + "\n", encoding="utf-8")
    os.utime(path, (0, 0))


def listed(folder: Path, audience: Audience = CHAMPIONS, **choice: Any) -> CampaignList:
    release, bundle = released(folder)
    return make_list(release, bundle, audience, Choice(**choice), {0: "Call"})


def test_list_has_no_one_who_objects(tmp_path: Path) -> None:
    everyone = listed(tmp_path / "a")
    assert everyone.facts["left_out_by_objection"] == 0
    object_to(tmp_path, *OBJECTING)
    found = listed(tmp_path)
    theirs = set(everyone.customers["customer_id"]) & set(OBJECTING)
    assert set(found.customers["customer_id"]) == set(everyone.customers["customer_id"]) - theirs
    assert found.facts["left_out_by_objection"] == len(theirs) > 0


def test_top_is_filled_without_them(tmp_path: Path) -> None:
    object_to(tmp_path, *OBJECTING)
    assert listed(tmp_path, top=3).customers["customer_id"].tolist() == ["C93", "C92", "C91"]


def test_number_of_an_audience_is_known_before(tmp_path: Path) -> None:
    object_to(tmp_path, *OBJECTING)
    release, _ = released(tmp_path)
    assert left_out(release, CHAMPIONS) == listed(tmp_path).facts["left_out_by_objection"]


def test_unreadable_objections_stop_lists(tmp_path: Path) -> None:
    object_to(tmp_path, *OBJECTING, header="client")
    with pytest.raises(ListError, match="has no column 'customer_id'"):
        listed(tmp_path)


def test_download_is_recorded_without_customers(tmp_path: Path) -> None:
    release, bundle = released(tmp_path)
    made = make_list(release, bundle, CHAMPIONS, Choice("spring", top=5), {})
    record_list(release, made)
    (entry,) = AuditLog(tmp_path / "audit").entries()
    assert (entry["what"], entry["on"]) == ("list downloaded", "Champions")
    assert entry["details"] == {
        "campaign": "spring",
        "customers": 5,
        "top": 5,
        "left_out_by_objection": 0,
    }
