"""The audit log is a chain: an entry that is edited, removed or moved is found."""

import json
import os
import pwd
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bankseg_assets.privacy import audit
from bankseg_assets.privacy.audit import AuditLog, Event, note


def log_of(folder: Path, entries: int = 5, max_bytes: int = 1 << 20) -> AuditLog:
    found = AuditLog(folder, max_bytes)
    for number in range(1, entries + 1):
        found.record(Event("rollback", on=f"release {number}", why="a test", result="done"))
    return found


def edit(folder: Path, change: Callable[[list[str]], list[str]]) -> None:
    (path,) = folder.glob("audit-*.jsonl")
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(change(lines)), encoding="utf-8")


def test_entry_says_who_did_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the environment, which anyone can set, does not change the name."""
    monkeypatch.setenv("USER", "someone")
    monkeypatch.setenv("LOGNAME", "someone")
    log = log_of(tmp_path, 1)
    (entry,) = log.entries()
    assert entry["at"].endswith("+00:00")
    assert {name: entry[name] for name in ("who", "what", "on", "why", "result")} == {
        "who": pwd.getpwuid(os.getuid()).pw_name,
        "what": "rollback",
        "on": "release 1",
        "why": "a test",
        "result": "done",
    }


def test_whole_chain_has_no_fault(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    assert log.fault() == ""
    assert AuditLog(tmp_path / "empty").fault() == ""
    assert log.head[0] == 5


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            lambda lines: [line.replace("release 3", "release 9") for line in lines],
            "line 3: entry 3 was edited",
        ),
        (lambda lines: lines[:2] + lines[3:], "line 3: entry 3 was expected and 4 was found"),
        (
            lambda lines: [*lines[:1], lines[2], lines[1], *lines[3:]],
            "line 2: entry 2 was expected and 3 was found",
        ),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], "line 4: entry 4 was expected and 3"),
        (lambda lines: [*lines[:2], "{}\n", *lines[3:]], "line 3: this is not an entry"),
        (lambda lines: lines[:-1], "The log ends with entry 4; entry 5 was the last"),
        (lambda _: [], "The log ends with entry 0; entry 5 was the last"),
    ],
    ids=["edited", "removed", "reordered", "repeated", "damaged", "end removed", "all removed"],
)
def test_first_broken_link_is_named(
    tmp_path: Path, change: Callable[[list[str]], list[str]], fault: str
) -> None:
    log = log_of(tmp_path)
    edit(tmp_path, change)
    assert fault in log.fault()


def test_edit_with_a_new_hash_breaks_the_next_link(tmp_path: Path) -> None:
    log = log_of(tmp_path)

    def forge(lines: list[str]) -> list[str]:
        entry = json.loads(lines[1]) | {"who": "another"}
        entry["hash"] = audit._hash_of(entry)
        return [lines[0], json.dumps(entry) + "\n", *lines[2:]]

    edit(tmp_path, forge)
    assert "line 3: entry 3 does not continue the previous entry" in log.fault()


def test_chain_continues_in_the_next_file(tmp_path: Path) -> None:
    log = log_of(tmp_path, 10, max_bytes=900)
    files = sorted(path.name for path in tmp_path.glob("audit-*.jsonl"))
    assert len(files) > 2
    assert log.fault() == ""
    assert [entry["number"] for entry in log.entries()] == list(range(1, 11))
    (tmp_path / files[1]).unlink()
    assert f"{files[2]}, line 1: entry" in log.fault()


def swap(first: Path, second: Path) -> None:
    """Exchange the contents of two files."""
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)


def change_text(path: Path, _: Path) -> None:
    path.write_text(path.read_text("utf-8").replace("a test", "no test", 1), "utf-8")


def remove_line(path: Path, _: Path) -> None:
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[1:]), "utf-8")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (change_text, "line 1: entry {first} was edited"),
        (remove_line, "line 1: entry {first} was expected and {second} was found"),
        (lambda path, _: path.unlink(), "entry {first} was expected"),
        (swap, "entry {first} was expected"),
    ],
    ids=["edited", "removed", "file removed", "files reordered"],
)
def test_broken_link_is_named_after_rotation(
    tmp_path: Path, change: Callable[[Path, Path], None], fault: str
) -> None:
    log = log_of(tmp_path, 10, max_bytes=900)
    _, second, third, *_ = sorted(tmp_path.glob("audit-*.jsonl"))
    numbers = [json.loads(line)["number"] for line in second.read_text("utf-8").splitlines()]
    change(second, third)
    assert fault.format(first=numbers[0], second=numbers[1]) in log.fault()


def test_missing_head_is_found(tmp_path: Path) -> None:
    """Without it, entries could be removed from the end."""
    log = log_of(tmp_path)
    (tmp_path / "head.json").unlink()
    edit(tmp_path, lambda lines: lines[:-1])
    assert "head.json is missing or damaged" in log.fault()


def test_crash_between_entry_and_head_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = log_of(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(audit, "json_bytes", _killed)
        with pytest.raises(KeyboardInterrupt):
            log.record(Event("rollback"))
    assert log.fault() == ""
    log.record(Event("rollback"))
    assert log.fault() == ""
    assert log.head[0] == 7


def _killed(*_: object) -> bytes:
    raise KeyboardInterrupt


def test_cut_entry_does_not_end_the_log(tmp_path: Path) -> None:
    """A power cut may leave half of a line; later entries go on, and the chain reports it."""
    log = log_of(tmp_path)
    edit(tmp_path, lambda lines: [*lines, '{"number": 6'])
    log.record(Event("rollback"))
    assert "line 6: this is not an entry" in log.fault()
    assert [entry["number"] for entry in log.entries()][-1] == 6


def test_folder_without_access_does_not_stop_the_action(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    note(tmp_path / "file", Event("rollback"))
    assert "could not be recorded in the audit log" in caplog.text


def aged(folder: Path, monkeypatch: pytest.MonkeyPatch, entries: int = 5) -> AuditLog:
    """Return a log with an entry a month, from January 2026 on, each in a file of its own."""
    log = AuditLog(folder, max_bytes=1)
    for month in range(1, entries + 1):
        at = datetime(2026, month, 1, tzinfo=UTC)
        with monkeypatch.context() as patch:
            patch.setattr(audit, "datetime", _Clock(at))
            log.record(Event("rollback", on=f"release {month}"))
    return log


class _Clock:
    def __init__(self, at: datetime) -> None:
        self._at = at
        self.fromisoformat = datetime.fromisoformat

    def now(self, _: object) -> datetime:
        return self._at


MARCH = datetime(2026, 3, 15, tzinfo=UTC)


def test_shortened_chain_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = aged(tmp_path, monkeypatch)
    assert log.older_than(MARCH)[2] == 3
    assert log.shorten(MARCH, "policy 7") == 3
    assert [entry["number"] for entry in log.entries()] == [4, 5, 6]
    assert log.fault() == ""
    log.record(Event("rollback"))
    assert log.fault() == ""
    assert log.shorten(MARCH) == 0


def test_start_removed_by_hand_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = aged(tmp_path, monkeypatch, 12)
    log.shorten(MARCH)
    first = sorted(tmp_path.glob("audit-*.jsonl"))[0]
    first.unlink()
    assert "was expected" in log.fault()


def test_killed_shortening_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = aged(tmp_path, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(audit, "dropwhile", _killed)
        with pytest.raises(KeyboardInterrupt):
            log.shorten(MARCH)
    assert log.fault() == ""
    sorted(tmp_path.glob("audit-*.jsonl"))[0].unlink()
    assert log.fault() == ""
    assert log.shorten(MARCH) > 0
    assert log.fault() == ""
