"""The route for forecasts of a history, over HTTP."""

from collections.abc import Iterator

import pytest

from bankseg_assets_tests.app.one_customer import HISTORY, HOLDER, customer_tables
from bankseg_assets_tests.app.publishing import publish
from bankseg_assets_tests.ops.api.serving import Client, serving
from bankseg_assets_tests.value.documents import value_document

KNOWN = {"active_days": 3, "recency": 80, "first_day": "2016-07-24", "monetary": 900}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server with forecasts of a history."""
    data_dir = tmp_path_factory.mktemp("api")
    publish(data_dir, customer_tables(**HISTORY), {"value_model": value_document()})
    with serving(data_dir) as found:
        yield found


def test_history_has_the_forecast_of_such_a_customer(client: Client) -> None:
    answer = client.post("/forecast", KNOWN)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    customer = client.get(f"/customers/{HOLDER}").json
    assert answer.json["p_alive"] == customer["p_alive"] == 0.75
    assert answer.json["forecast_notes"] == customer["forecast_notes"]
    (forecast,) = answer.json["forecasts"]
    assert (forecast["days"], forecast["spend"]) == (90, 470)
    without = {name: value for name, value in KNOWN.items() if name != "monetary"}
    assert client.post("/forecast", without).json["forecasts"][0]["spend"] is None


def test_history_that_cannot_be_is_refused(client: Client) -> None:
    refused = client.post("/forecast", KNOWN | {"first_day": "2016-10-21"})
    assert (refused.status, refused.detail) == (422, "The first transaction is after the last one.")
    unreadable = client.post("/forecast", {"active_days": 3})
    assert unreadable.status == 422
    assert '"first_day"' in unreadable.detail
