"""Routes of campaigns with a measured effect, over HTTP."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bankseg_assets.campaigns.results import CAMPAIGN_RESULTS, CampaignResults
from bankseg_assets.privacy.audit import AuditLog
from bankseg_assets_tests.app.customers import tables
from bankseg_assets_tests.app.publishing import publish, write_document
from bankseg_assets_tests.campaigns.made import result
from bankseg_assets_tests.ops.api.serving import Client, serving

WANTED: dict[str, Any] = {
    **{"name": "Spring", "groups": ["Champions"], "share": 0.3},
    **{"starts_on": "2016-10-22", "ends_on": "2016-11-20"},
}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """A server over a hundred customers."""
    publish(tmp_path, tables())
    with serving(tmp_path) as found:
        yield found


def made(client: Client, **changes: Any) -> str:
    """Make a campaign and return its ID."""
    answered = client.post("/campaigns", WANTED | changes)
    assert answered.status == 201, answered.text
    found: str = answered.json["id"]
    return found


def measure(client: Client, campaign_id: str) -> None:
    """Publish a result of a campaign, as a delivery does."""
    found = CampaignResults(campaigns=(result(campaign_id=campaign_id),))
    write_document(client.data_dir, CAMPAIGN_RESULTS, found.model_dump(mode="json"))


def customers(client: Client, address: str) -> pd.DataFrame:
    answered = client.post(address, None)
    assert answered.status == 200, answered.text
    return pd.read_csv(io.StringIO(answered.text.lstrip("\ufeff")))


def test_plan_makes_nothing(client: Client) -> None:
    planned = client.post("/campaigns/plan", WANTED).json
    assert planned["customers"] == planned["treated"] + planned["held_out"] == 62
    assert client.get("/campaigns").json == []


def test_lists_of_a_campaign_have_one_arm_each(client: Client) -> None:
    made(client)
    treated = customers(client, "/campaigns/spring/list")
    held_out = customers(client, "/campaigns/Spring/list?arm=held_out")
    assert len(treated) + len(held_out) == 62
    assert not set(treated["customer_id"]) & set(held_out["customer_id"])
    assert held_out.columns.tolist() == ["customer_id"]
    log = list(AuditLog(client.data_dir / "audit").entries())
    assert [one["what"] for one in log] == ["campaign made", *["list downloaded"] * 2]


def test_result_is_answered_in_each_format(client: Client) -> None:
    one = made(client)
    assert client.get(f"/campaigns/{one}/results").status == 404
    assert "next delivery" in client.get(f"/campaigns/{one}/results?answer=html").text
    measure(client, one)
    found = client.get(f"/campaigns/{one}/results").json
    assert (found["verdict"], found["effect"]["difference"]) == ("worked", 12)
    table = client.get(f"/campaigns/{one}/results?answer=csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert table.text.count("Spring,") == 6
    page = client.get(f"/campaigns/{one}/results?answer=html")
    assert "script-src" not in page.headers["content-security-policy"]
    assert "The campaign worked" in page.text
    (listed,) = client.get("/campaigns").json
    assert (listed["state"], listed["verdict"]) == ("running", "worked")
    assert listed["instruction"].startswith("End the campaign before")


def test_few_customers_are_not_counted(client: Client) -> None:
    made(client, share=0.02)
    (found,) = client.get("/campaigns").json
    assert found["held_out"] is None
    assert found["customers"] == 62


def test_campaign_is_ended_and_removed(client: Client) -> None:
    one = made(client)
    ended = client.post(f"/campaigns/{one}/end", {"last_day": "2016-10-25", "why": "too dear"}).json
    assert (ended["state"], ended["ends_on"]) == ("ended", "2016-10-25")
    assert client.delete(f"/campaigns/{one}").json["id"] == one
    assert client.get(f"/campaigns/{one}").status == 404


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"hold_out": 0.2}, "hold_out", "extra inputs are not permitted"),
        ({"starts_on": "soon"}, "starts_on", "starts_on is 'soon'"),
        ({"rules": [{"column": "age", "min": 30}]}, "rules.0.min", "extra inputs"),
    ],
)
def test_invalid_field_is_named(
    client: Client, changes: dict[str, Any], field: str, message: str
) -> None:
    refused = client.post("/campaigns", WANTED | changes)
    assert refused.status == 422
    assert message in refused.detail
    assert [one["field"] for one in refused.json["errors"]] == [field]


def test_body_that_is_not_a_campaign_gets_an_example(client: Client) -> None:
    assert 'such as {"name": "spring"' in client.post("/campaigns", [1]).detail
    assert 'such as {"name": "spring"' in client.post_bytes("/campaigns", b"{").detail


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"groups": ["Nowhere"]}, "There is no group or segment of this name"),
        ({"ends_on": "2016-10-01"}, "ends_on: expected a day from 2016-10-22 on"),
    ],
)
def test_impossible_campaign_is_refused_with_a_reason(
    client: Client, changes: dict[str, Any], message: str
) -> None:
    for path in ("/campaigns", "/campaigns/plan"):
        refused = client.post(path, WANTED | changes)
        assert refused.status == 422
        assert message in refused.detail


def test_name_in_use_is_refused(client: Client) -> None:
    made(client)
    assert "There is a campaign 'Spring' already" in client.post("/campaigns", WANTED).detail


def test_campaigns_need_a_release(tmp_path: Path) -> None:
    with serving(tmp_path) as empty:
        assert empty.get("/campaigns").status == 503
