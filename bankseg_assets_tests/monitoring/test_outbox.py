"""Tests of the outbox: once per event, a bounded number of attempts, never an exception."""

from pathlib import Path

import pytest

from bankseg_assets.monitoring.alerts import Alert
from bankseg_assets.monitoring.outbox import KEPT, RETRY_AFTER, Outbox
from bankseg_assets.monitoring.sending import ChannelError


class Toy:
    """A channel that fails as often as it should."""

    def __init__(self, kind: str = "webhook", failures: int = 0, *, is_final: bool = False) -> None:
        self.kind = kind
        self.name = f"{kind} test"
        self.attempts = 0
        self._failures = failures
        self._is_final = is_final

    def send(self, _alert: Alert) -> None:
        self.attempts += 1
        if self.attempts <= self._failures:
            raise ChannelError("it answered with status 500", is_final=self._is_final)


def alert(run_id: str = "run", event: str = "failure") -> Alert:
    return Alert.model_validate({"event": event, "at": "", "run_id": run_id, "what": "It failed."})


class Clock:
    """A clock that is set by hand."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_outbox_sends_each_event_once(tmp_path: Path) -> None:
    outbox, channel = Outbox(tmp_path), Toy()
    assert outbox.put(alert(), [channel])
    assert not outbox.put(alert(), [channel])
    assert outbox.put(alert(event="release"), [channel])
    assert len(outbox.send_due([channel])) == 2
    assert not outbox.send_due([channel])
    assert not outbox.put(alert(), [channel])
    assert channel.attempts == 2


def test_outbox_gives_up_after_bounded_attempts(tmp_path: Path) -> None:
    clock, channel = Clock(), Toy(failures=1000)
    outbox = Outbox(tmp_path, clock)
    outbox.put(alert(), [channel])
    for _ in range(2000):  # more than a day of minutes
        outbox.send_due([channel])
        clock.seconds += 60
    assert channel.attempts == len(RETRY_AFTER) + 1
    (found,) = outbox.queued()
    assert found.was_given_up
    assert found.problems == {"webhook test": "it answered with status 500"}


def test_outbox_waits_between_attempts(tmp_path: Path) -> None:
    clock, channel = Clock(), Toy(failures=1)
    outbox = Outbox(tmp_path, clock)
    outbox.put(alert(), [channel])
    assert "was not accepted: it answered" in outbox.send_due([channel])[0]
    assert not outbox.send_due([channel])
    clock.seconds += RETRY_AFTER[0]
    assert outbox.send_due([channel]) == ["failure alert was sent by webhook test."]
    assert not outbox.queued()[0].problems


def test_outbox_repeats_only_the_channel_that_failed(tmp_path: Path) -> None:
    clock, works, fails = Clock(), Toy("mail"), Toy(failures=1)
    outbox = Outbox(tmp_path, clock)
    outbox.put(alert(), [works, fails])
    for _ in range(2):
        outbox.send_due([works, fails])
        clock.seconds += RETRY_AFTER[0]
    assert (works.attempts, fails.attempts) == (1, 2)
    assert outbox.queued()[0].sent == ("mail test", "webhook test")


def test_outbox_does_not_repeat_a_final_refusal(tmp_path: Path) -> None:
    clock, channel = Clock(), Toy(failures=9, is_final=True)
    outbox = Outbox(tmp_path, clock)
    outbox.put(alert(), [channel])
    for _ in range(2):
        outbox.send_due([channel])
        clock.seconds += RETRY_AFTER[-1]
    assert channel.attempts == 1
    assert outbox.queued()[0].was_given_up


def test_outbox_forgets_a_channel_that_was_removed(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.put(alert(), [Toy()])
    assert not outbox.send_due([])
    assert not outbox.queued()[0].pending


def test_outbox_keeps_the_newest_alerts(tmp_path: Path) -> None:
    clock = Clock()
    outbox = Outbox(tmp_path, clock)
    for run in range(KEPT + 3):
        clock.seconds += 1
        outbox.put(alert(f"run-{run}"), [])
    found = [one.alert.run_id for one in outbox.queued()]
    assert len(found) == KEPT
    assert found[0] == f"run-{KEPT + 2}"


def test_outbox_ignores_damaged_files(tmp_path: Path) -> None:
    (tmp_path / "failure-run.json").write_text("{", encoding="utf-8")
    assert Outbox(tmp_path).queued() == []


def test_full_disk_is_alerted_to_once_without_storing_it() -> None:
    channel, outbox = Toy(), Outbox(Path("/dev/null/alerts"))
    stored, sent = outbox.deliver(alert("full"), [channel])
    assert outbox.deliver(alert("full"), [channel]) == [stored]
    assert stored.startswith("failure alert cannot be stored: Not a directory")
    assert sent == "failure alert was sent by webhook test."


@pytest.mark.parametrize("is_final", [True, False])
def test_unstored_alert_survives_a_dead_receiver(is_final: bool) -> None:
    channel = Toy(failures=1, is_final=is_final)
    unwritable = Outbox(Path("/dev/null/alerts"))
    _, gave_up = unwritable.deliver(alert(f"final-{is_final}"), [channel])
    assert gave_up == "failure alert by webhook test was given up: it answered with status 500."


def test_alert_is_not_sent_where_the_attempt_cannot_be_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk it would be sent again every ten seconds."""
    outbox, channel = Outbox(tmp_path), Toy()
    outbox.put(alert(), [channel])

    def full(_: Path, document: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bankseg_assets.monitoring.outbox.replace_json", full)
    with pytest.raises(OSError, match="No space left"):
        outbox.send_due([channel])
    assert channel.attempts == 0
