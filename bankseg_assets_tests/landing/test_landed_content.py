"""The content of a landing folder is hashed once, and large files within the time of a tick."""

import os
import time
from pathlib import Path

import pytest

from bankseg_assets.landing.archive import sha256_of
from bankseg_assets.landing.landed_content import content_seen, landed_content
from bankseg_assets.landing.ledger import Delivery, Ledger


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    for name, text in (("a.csv", "1234567\n"), ("b.csv", "7654321\n"), ("c.csv", "12345678901\n")):
        (folder / name).write_text(text, encoding="utf-8")
        then = time.time() - 60
        os.utime(folder / name, (then, then))
    return folder


def test_run_hashes_every_file(folder: Path, tmp_path: Path) -> None:
    found = landed_content(folder, Ledger(tmp_path / "ledger.sqlite"))
    assert found.sha256s == {sha256_of(file) for file in folder.iterdir()}
    assert not found.waiting


def test_tick_has_a_placeholder_for_a_large_file(folder: Path, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    first = landed_content(folder, ledger, at_most=10)
    assert first.waiting == ("b.csv (read at the next tick)",)
    second = landed_content(folder, ledger, at_most=10)
    assert not second.waiting
    hashed = {sha256_of(folder / name) for name in ("a.csv", "b.csv")}
    (placeholder,) = second.sha256s - hashed
    assert placeholder in first.sha256s
    assert placeholder != sha256_of(folder / "c.csv")


def test_content_seen_stays_when_a_file_is_ingested() -> None:
    ingested = Delivery("a" * 64, "a.csv", "accepted", "", 1, 1, "run")
    withdrawn = Delivery("a" * 64, "a.csv", "withdrawn", "why", 1, 1, "run")
    assert content_seen([], ["a" * 64]) == content_seen([ingested], ["a" * 64])
    assert content_seen([ingested], []) == content_seen([ingested], ["a" * 64])
    assert content_seen([withdrawn], []) != content_seen([ingested], [])
