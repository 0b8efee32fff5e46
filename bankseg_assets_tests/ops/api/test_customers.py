"""The route for one customer: its answer, its refusals, and privacy, over HTTP."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from bankseg_assets_tests.app.one_customer import (
    HISTORY,
    HOLDER,
    OTHER,
    object_to_marketing,
    publish_customers,
    release_again,
)
from bankseg_assets_tests.ops.api.serving import Client, serving


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server with customers in two releases."""
    data_dir = tmp_path_factory.mktemp("api")
    publish_customers(data_dir, segment=0, segment_name="Small spenders")
    release_again(data_dir, frequency=3, **HISTORY)
    with serving(data_dir) as found:
        yield found


def test_customer_has_segment_reasons_and_history(client: Client) -> None:
    answer = client.get(f"/customers/{HOLDER}")
    assert answer.status == 200
    found = answer.json
    assert (found["id"], found["segment"], found["name"]) == (HOLDER, 1, "Frequent spenders")
    assert found["why"].startswith("Because")
    assert found["action"] == "Call them 1"
    assert found["rfm_group"] == "At risk"
    assert [one["segment"] for one in found["history"]] == ["Small spenders", "Frequent spenders"]
    assert [one["moved"] for one in found["history"]] == [False, True]
    assert [one["transactions"] for one in found["months"]] == [2, 0, 1]
    assert [one["product"] for one in found["products"]] == ["Credit card", "Deposit", "Loan"]
    by_name = {one["measure"]: one for one in found["measures"]}
    assert by_name["frequency"]["value"] == 3
    assert by_name["frequency"]["segment_median"] == 3
    assert found["changes"][0]["sentence"]
    assert found["p_alive"] == 0.75
    (forecast,) = found["forecasts"]
    assert (forecast["days"], forecast["transaction_days"], forecast["spend"]) == (90, 1.25, 470)
    assert forecast["spend_low"] is None


def test_post_has_the_id_in_the_body(client: Client) -> None:
    by_body = client.post("/customers", {"id": f" {HOLDER.lower()}"})
    assert by_body.json == client.get(f"/customers/{HOLDER}").json
    wrong = client.post("/customers", {"customer": HOLDER})
    assert wrong.status == 422
    assert '{"id": "C1"}' in wrong.detail
    assert HOLDER not in wrong.text


@pytest.mark.parametrize("customer_id", ["C1000", "C9%2F7", "", "a/b", "C" * 300])
def test_unknown_customer_is_not_repeated(client: Client, customer_id: str) -> None:
    answer = client.get(f"/customers/{customer_id}")
    assert answer.status == 404
    assert answer.detail.startswith("No customer of the release has this ID.")
    assert not customer_id or customer_id not in answer.text


def test_answers_about_customers_are_not_cached(client: Client) -> None:
    assert client.get(f"/customers/{OTHER}").headers["cache-control"] == "no-store"


def test_id_in_the_address_is_not_logged(
    client: Client, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither of a customer that exists, nor of one that does not, nor if the server fails."""
    caplog.set_level(logging.DEBUG)
    canary = "CANARY4711"
    for path in (f"/customers/{HOLDER}?note={canary}", f"/customers/{canary}"):
        client.get(path)
    client.post_bytes(f"/customers/{canary}", b"{")
    printed = capfd.readouterr()
    for text in (caplog.text, printed.out, printed.err):
        assert canary not in text
        assert HOLDER not in text


def test_setting_switches_the_route_off(tmp_path: Path) -> None:
    publish_customers(tmp_path)
    with serving(tmp_path, customer_page=False) as client:
        assert client.get(f"/customers/{HOLDER}").status == 404
        assert client.post("/customers", {"id": HOLDER}).status == 404
        assert "/customers" not in client.get("/openapi.json").text


def test_customers_need_a_release(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        assert client.get(f"/customers/{HOLDER}").status == 503


def test_unreadable_table_is_a_refusal(tmp_path: Path) -> None:
    publish_customers(tmp_path)
    with serving(tmp_path) as client:
        for file in (tmp_path / "published" / "customer_segments").rglob("*.parquet"):
            file.write_bytes(b"PAR1")
        answer = client.get(f"/customers/{OTHER}")
    assert answer.status == 503
    assert "customer_segments" in answer.detail


def test_nothing_is_recommended_to_who_objects(tmp_path: Path) -> None:
    """From the next request on, in each answer that has the ID."""
    publish_customers(tmp_path)
    with serving(tmp_path) as client:
        assert client.get(f"/customers/{HOLDER}").json["products"]
        object_to_marketing(tmp_path, HOLDER)
        found = client.get(f"/customers/{HOLDER}").json
        assert found["note"] == "The customer objects to marketing, so nothing is recommended."
        assert (found["action"], found["group_action"], found["products"]) == (None, None, [])
        asked = [{"id": HOLDER, "frequency": 3}, {"id": OTHER, "frequency": 3}, {"frequency": 3}]
        first, *others = client.post("/score/batch", asked).json["answers"]
        assert (first["action"], first["note"]) == (None, found["note"])
        assert all(one["note"] != found["note"] for one in others)
        assert client.post("/score", asked[0]).json["note"] == found["note"]
