"""Tests of alerts by webhook."""

import time

import pytest

from bankseg_assets.monitoring.alerts import Alert
from bankseg_assets.monitoring.channels import Webhook
from bankseg_assets.monitoring.sending import ChannelError
from bankseg_assets.monitoring.webhook import post
from bankseg_assets_tests.monitoring.receivers import HOST, webhook

ALERT = Alert(
    event="rejection",
    at="2026-11-27T08:00:00+00:00",
    run_id="run",
    what="<!channel> & Ümläute.csv was rejected.",
    why=("It has no column 'CustomerID'.",),
    next_step="Correct the file.",
    link="http://127.0.0.1:8501/deliveries",
)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", HOST)


def test_webhook_receives_text_and_fields() -> None:
    with webhook() as receiver:
        post(f"http://{HOST}:{receiver.port}/hooks/SECRET", ALERT)
    (found,) = receiver.received
    assert found["text"] == (
        "&lt;!channel&gt; &amp; Ümläute.csv was rejected.\n\n- It has no column 'CustomerID'.\n\n"
        "Next step: Correct the file.\n\nhttp://127.0.0.1:8501/deliveries"
    )
    assert found["event"] == "rejection"
    assert found["why"] == ["It has no column 'CustomerID'."]
    assert found["link"] == ALERT.link


@pytest.mark.parametrize("status", [302, 404, 500])
def test_webhook_error_has_the_status_alone(status: int) -> None:
    with webhook(status) as receiver, pytest.raises(ChannelError) as error:
        post(f"http://{HOST}:{receiver.port}/hooks/SECRET", ALERT)
    assert str(error.value) == f"it answered with status {status}"
    assert len(receiver.received) == 1


def test_webhook_that_never_answers_is_given_up() -> None:
    begun = time.monotonic()
    with webhook(is_silent=True) as receiver, pytest.raises(ChannelError, match="not answer"):
        post(f"http://{HOST}:{receiver.port}", ALERT, seconds=0.3)
    assert time.monotonic() - begun < 3


def test_webhook_that_cannot_be_reached_is_named_without_its_path() -> None:
    channel = Webhook(f"http://{HOST}:9/hooks/SECRET")
    with pytest.raises(ChannelError) as error:
        channel.send(ALERT)
    assert str(error.value) == "it cannot be reached (Connection refused)"
    assert channel.name == f"webhook {HOST}"
