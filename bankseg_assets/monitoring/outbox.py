"""Alerts on disk until every channel has accepted them: a run never waits for a receiver.

A file per event and run, so that an event that is seen twice is sent once. An alert that a channel
does not accept is tried again after a minute, five minutes, half an hour and two hours, and then
given up. The newest alerts are kept as a record.
"""

import fcntl
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field

from bankseg_assets.monitoring.alerts import Alert
from bankseg_assets.monitoring.channels import Channel
from bankseg_assets.monitoring.sending import ChannelError
from bankseg_assets.storage.documents import Document, replace_json

RETRY_AFTER = (60.0, 300.0, 1800.0, 7200.0)
"""Seconds from a failed attempt to the next one; after the last, an alert is given up."""
KEPT = 100
SENDING_SECONDS = 30.0
"""The time for all alerts of one call: Dagster ends a sensor after 60 seconds."""
_LOCK = ".lock"
_sent_at_once: set[tuple[str, str]] = set()
"""Events and runs of alerts that could not be stored."""


class Queued(Document):
    """An alert with the channels that have not accepted it yet."""

    alert: Alert
    queued: float
    """Seconds since 1970."""
    pending: tuple[str, ...]
    """Kinds of channels."""
    sent: tuple[str, ...] = ()
    attempts: int = 0
    due: float = 0.0
    problems: dict[str, str] = Field(default_factory=dict)
    """Channel -> why it did not accept the alert, of those that are pending or were given up."""

    @property
    def was_given_up(self) -> bool:
        """Whether a channel did not accept it and is no longer tried."""
        return not self.pending and bool(self.problems)


class Outbox:
    """The alerts in a folder."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock

    def put(self, alert: Alert, channels: Sequence[Channel]) -> bool:
        """Store an alert to be sent; return False if it is here already. Raises OSError."""
        path = self._folder / f"{alert.event}-{alert.run_id}.json"
        if path.exists():
            return False
        pending = tuple(channel.kind for channel in channels)
        self._write(path, Queued(alert=alert, queued=self._clock(), pending=pending))
        self._prune()
        return True

    def deliver(self, alert: Alert, channels: Sequence[Channel]) -> list[str]:
        """Store an alert to be sent; if that fails, as on a full disk, send it at once.

        Returns a sentence for the failure and for each attempt.
        """
        try:
            self.put(alert, channels)
        except OSError as error:
            said = [f"{alert.event} alert cannot be stored: {error.strerror}."]
            if (key := (alert.event, alert.run_id)) not in _sent_at_once:
                _sent_at_once.add(key)
                said += [_send_at_once(channel, alert) for channel in channels]
            return said
        return []

    def queued(self) -> list[Queued]:
        """Return the alerts, newest first."""
        return [found for _, found in self._read()][::-1]

    def send_due(self, channels: Sequence[Channel]) -> list[str]:
        """Send what is due, oldest first; return a sentence for each attempt.

        Another process that does the same sends instead. Raises OSError.
        """
        waiting = [one for one in self._read() if one[1].pending]
        said: list[str] = []
        if not waiting:
            return said
        with self._only_here() as is_mine:
            if not is_mine:
                return said
            deadline = time.monotonic() + SENDING_SECONDS
            by_kind = {channel.kind: channel for channel in channels}
            for path, found in waiting:
                if found.due <= self._clock() and time.monotonic() < deadline:
                    said += self._attempt(path, found, by_kind)
        return said

    def _attempt(self, path: Path, found: Queued, by_kind: dict[str, Channel]) -> list[str]:
        attempts = found.attempts + 1
        is_last = attempts > len(RETRY_AFTER)
        due = 0.0 if is_last else self._clock() + RETRY_AFTER[attempts - 1]
        found = found.model_copy(update={"attempts": attempts, "due": due})
        # Counted before it is sent: on a disk that is full by then, it would be sent without end.
        self._write(path, found)
        said: list[str] = []
        pending, sent, problems = [], [*found.sent], {**found.problems}
        for kind in found.pending:
            if kind not in by_kind:  # no longer in the settings
                continue
            name, event = by_kind[kind].name, found.alert.event
            try:
                by_kind[kind].send(found.alert)
            except ChannelError as error:
                problems[name] = str(error)
                is_over = is_last or error.is_final
                pending += [] if is_over else [kind]
                outcome = "given up" if is_over else "not accepted"
                said.append(f"{event} alert by {name} was {outcome}: {error}.")
            else:
                sent.append(name)
                problems.pop(name, None)
                said.append(f"{event} alert was sent by {name}.")
        changes = {"pending": tuple(pending), "sent": tuple(sent), "problems": problems}
        self._write(path, found.model_copy(update=changes))
        return said

    def _read(self) -> list[tuple[Path, Queued]]:
        """Return the readable alerts, oldest first."""
        found = []
        for path in self._folder.glob("*-*.json"):
            try:
                document = json.loads(path.read_text(encoding="utf-8"))
                found.append((path, Queued.model_validate(document)))
            except (OSError, ValueError):
                continue  # removed meanwhile, or damaged
        return sorted(found, key=lambda one: (one[1].queued, one[0].name))

    def _prune(self) -> None:
        for path, _ in self._read()[:-KEPT]:
            path.unlink(missing_ok=True)

    def _write(self, path: Path, found: Queued) -> None:
        replace_json(path, found.model_dump())

    @contextmanager
    def _only_here(self) -> Iterator[bool]:
        with (self._folder / _LOCK).open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True


def _send_at_once(channel: Channel, alert: Alert) -> str:
    try:
        channel.send(alert)
    except ChannelError as error:
        return f"{alert.event} alert by {channel.name} was given up: {error}."
    return f"{alert.event} alert was sent by {channel.name}."
