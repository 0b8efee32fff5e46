"""Audit log: append-only JSON lines, each with the hash of the previous one.

An entry that is edited, removed or moved breaks the chain. `HEAD_FILE` has the number and hash of
the newest entry, so that a removed end is found as well; who can write to the folder can rewrite
all of it, which a copy of the head on another machine reveals.
"""

import hashlib
import json
import logging
import os
import pwd
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import dropwhile
from pathlib import Path
from typing import Any

from bankseg_assets.storage.atomic_file import atomic_file
from bankseg_assets.storage.documents import json_bytes
from bankseg_assets.storage.exclusive_lock import held_alone

AUDIT_FOLDER = "audit"
"""The log's folder in the data folder."""
LIST_DOWNLOADED = "list downloaded"
SHORTENED = "audit shortened"
HEAD_FILE = "head.json"
LOCK_FILE = ".lock"
MAX_BYTES = 4 << 20
"""A file that has reached this size is followed by a new one."""
_FIRST = "0" * 64
_HASH = "hash"
SYSTEM = "operating system"
_REMOVED_TO, _HASH_OF_LAST = "removed to entry", "hash of that entry"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Actor:
    """Who acts, and how the name is known: `login`, `proxy` or `operating system`."""

    name: str
    known_by: str = SYSTEM


_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)


@dataclass(frozen=True)
class Event:
    """What happened: an action such as `rollback`, its object, the reason, and the result.

    Never a customer's ID: a customer is named by `Tombstones.reference`.
    """

    what: str
    on: str = ""
    why: str = ""
    result: str = ""
    details: Mapping[str, str | int | float] = field(default_factory=dict)


class AuditLog:
    """The entries in a folder; safe for concurrent processes."""

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    def record(self, event: Event) -> None:
        """Append an entry and flush it to disk. Raises OSError."""
        who = acting()
        with self._locked():
            number, before = self._head()
            entry: dict[str, Any] = {
                "number": number + 1,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "who": who.name,
                "known_by": who.known_by,
                "what": event.what,
                "on": event.on,
                "why": event.why,
                "result": event.result,
                "details": dict(event.details),
                "previous": before,
            }
            entry[_HASH] = _hash_of(entry)
            with self._file(number + 1).open("ab") as file:
                # After a power cut, the last line may have no end.
                start = "" if _ends_with_line_end(Path(file.name)) else "\n"
                file.write(f"{start}{json.dumps(entry, ensure_ascii=False)}\n".encode())
                file.flush()
                os.fsync(file.fileno())
            with atomic_file(self._folder / HEAD_FILE) as head:
                head.write(json_bytes({"number": number + 1, _HASH: entry[_HASH]}))

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield the readable entries, oldest first."""
        for _, _, entry in self._lines():
            if entry is not None:
                yield entry

    def older_than(self, before: datetime) -> tuple[int, str, int]:
        """Return number and hash of the last entry before a time, and how many entries that are.

        Entries are in the order of time, unless the clock was set back: the first later entry ends
        the count.
        """
        number, digest, count = 0, _FIRST, 0
        for entry in self.entries():
            if datetime.fromisoformat(entry["at"]) >= before:
                break
            number, digest, count = entry["number"], entry[_HASH], count + 1
        return number, digest, count

    def shorten(self, before: datetime, why: str = "") -> int:
        """Remove the entries before a time; return how many. Raises OSError.

        An entry records number and hash of the last one that is removed, so that the chain is known
        to begin after it. It is written first: an interrupted removal is finished by the next one.
        """
        number, digest, count = self.older_than(before)
        if not count:
            return 0
        details: dict[str, str | int | float] = {
            "entries": count,
            _REMOVED_TO: number,
            _HASH_OF_LAST: digest,
        }
        self.record(Event(SHORTENED, why=why, result="removed", details=details))
        with self._locked():
            for path in self._files():
                lines = path.read_bytes().splitlines(keepends=True)
                kept = list(dropwhile(lambda line: _number(line) <= number, lines))
                if len(kept) == len(lines):
                    break
                if not kept:
                    path.unlink()
                    continue
                with atomic_file(path) as file:
                    file.writelines(kept)
        return count

    def fault(self) -> str:
        """Return the first broken link of the chain and what is wrong; empty if it is whole."""
        number, before = self._start()
        for path, line, entry in self._lines():
            where = f"{path.name}, line {line}"
            if entry is None:
                return f"{where}: this is not an entry; it was damaged or edited."
            if entry.get(_HASH) != _hash_of(entry):
                return f"{where}: entry {entry.get('number')} was edited; its hash differs."
            if entry["number"] == number + 1 and entry["previous"] != before:
                return (
                    f"{where}: entry {number + 1} does not continue the previous entry, which was "
                    "edited with a new hash."
                )
            if entry["number"] != number + 1:
                return (
                    f"{where}: entry {number + 1} was expected and {entry['number']} was found; "
                    "entries were removed, inserted or reordered."
                )
            number, before = entry["number"], entry[_HASH]
        return self._fault_at_end(number, before)

    def _fault_at_end(self, number: int, before: str) -> str:
        """Return what is wrong with the end, whose last entry has this number and hash."""
        expected, head = self._recorded_head()
        if number > 1 and not expected:
            return f"{HEAD_FILE} is missing or damaged; it shows whether the end was removed."
        # The entry is written before the head: a crash in between leaves one more entry.
        if number < expected or (number == expected and before != head):
            return (
                f"The log ends with entry {number}; entry {expected} was the last: it was removed."
            )
        return ""

    def _start(self) -> tuple[int, str]:
        """Return number and hash of the entry before the first, which may have been removed."""
        first = next(self.entries(), None)
        if first is None or first["number"] == 1:
            return 0, _FIRST
        before = first["number"] - 1
        for entry in self.entries():
            if entry["what"] != SHORTENED:
                continue
            details = entry["details"]
            if details[_REMOVED_TO] == before:
                return before, details[_HASH_OF_LAST]
            if details[_REMOVED_TO] > before:  # interrupted: the next removal finishes it
                return before, first["previous"]
        return 0, _FIRST

    @property
    def head(self) -> tuple[int, str]:
        """The number and hash of the newest entry, to keep on another machine."""
        return self._head()

    def _head(self) -> tuple[int, str]:
        newest = None
        for path in reversed(self._files()):
            for line in path.read_bytes().splitlines():
                newest = _parsed(line) or newest
            if newest is not None:
                return newest["number"], newest[_HASH]
        return 0, _FIRST

    def _recorded_head(self) -> tuple[int, str]:
        try:
            found = json.loads((self._folder / HEAD_FILE).read_text(encoding="utf-8"))
            return int(found["number"]), str(found[_HASH])
        except FileNotFoundError:
            return 0, _FIRST
        except (ValueError, KeyError, TypeError):
            return 0, _FIRST

    def _lines(self) -> Iterator[tuple[Path, int, dict[str, Any] | None]]:
        for path in self._files():
            for number, line in enumerate(path.read_bytes().splitlines(), 1):
                yield path, number, _parsed(line)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("audit-*.jsonl"))

    def _file(self, number: int) -> Path:
        files = self._files()
        if files and files[-1].stat().st_size < self._max_bytes:
            return files[-1]
        return self._folder / f"audit-{number:09d}.jsonl"

    def _locked(self) -> AbstractContextManager[None]:
        return held_alone(self._folder / LOCK_FILE)


def acting() -> Actor:
    """Return who acts: as set by `acting_as`, else the operating system's user."""
    return _acting.get() or system_user()


def actor() -> str:
    """Return the name of who acts."""
    return acting().name


@contextmanager
def acting_as(who: Actor) -> Iterator[None]:
    """Record events under this name; in this thread or task, and those that copy its context."""
    token = _acting.set(who)
    try:
        yield
    finally:
        _acting.reset(token)


def system_user() -> Actor:
    """Return the operating system's user of this process; no variable can change the name."""
    try:
        return Actor(pwd.getpwuid(os.getuid()).pw_name)
    except KeyError:  # a container's user may have no name
        return Actor(f"uid {os.getuid()}")


def note(folder: Path, event: Event) -> None:
    """Record an event; if that fails, log a warning: the action itself is done.

    A machine that only serves may have no right to write to the data folder.
    """
    try:
        AuditLog(folder).record(event)
    except OSError as error:
        log.warning(
            "%s by %s could not be recorded in the audit log (%s): %s %s",
            *(event.what, actor(), error.strerror, event.on, event.result),
        )


def _ends_with_line_end(path: Path) -> bool:
    """Return whether a file is empty or ends with a whole line."""
    return path.read_bytes()[-1:] in (b"", b"\n")


def _hash_of(entry: Mapping[str, Any]) -> str:
    content = {name: value for name, value in entry.items() if name != _HASH}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _number(line: bytes) -> int:
    """Return the number of an entry; 0 for a damaged line."""
    found = _parsed(line)
    return int(found["number"]) if found else 0


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
        return found if {"number", "previous", _HASH} <= found.keys() else None
    except (ValueError, AttributeError):
        return None
