"""The ledger records each content's outcome once, and which contents make up the table."""

import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.landing.ledger import (
    Delivery,
    Ledger,
    WithdrawalError,
    by_precedence,
    content_hash,
    current_content,
)

BANK = Delivery("b" * 64, "bank.csv", "accepted", "", size_bytes=9, records=2, run_id="r")
MORE = replace(BANK, sha256="c" * 64, file_name="more.csv")
DEMO = replace(BANK, sha256="a" * 64, file_name="demo_transactions.csv.gz")
BROKEN = replace(BANK, sha256="d" * 64, status="rejected", reason="is empty", records=0)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "new" / "ledger.sqlite")


def test_what_is_recorded_is_read_back_with_its_time(ledger: Ledger) -> None:
    assert ledger.deliveries() == []
    ledger.record(BROKEN)
    (found,) = ledger.deliveries()
    assert replace(found, taken_at="") == BROKEN
    taken = datetime.fromisoformat(found.taken_at)
    assert timedelta(0) <= datetime.now(UTC) - taken < timedelta(minutes=1)


def test_first_outcome_of_a_content_stays(ledger: Ledger) -> None:
    ledger.record(BANK)
    ledger.record(replace(BANK, status="rejected", reason="later", file_name="other.csv"))
    (found,) = ledger.deliveries()
    assert (found.status, found.file_name, found.reason) == ("accepted", "bank.csv", "")


def test_a_rejection_holds_until_the_contract_changes(ledger: Ledger) -> None:
    ledger.record(replace(BROKEN, contract="one"))
    ledger.record(replace(BROKEN, contract="one", reason="again"))
    assert ledger.deliveries()[0].reason == "is empty"
    ledger.record(replace(BROKEN, status="accepted", reason="", contract="two"))
    ledger.record(replace(BROKEN, contract="three"))
    (found,) = ledger.deliveries()
    assert (found.status, found.contract) == ("accepted", "two")


def test_ledger_of_an_older_build_is_read_and_written(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE deliveries (sha256 TEXT PRIMARY KEY, file_name TEXT, status TEXT,"
            " reason TEXT, size_bytes INTEGER, records INTEGER, run_id TEXT, taken_at TEXT)"
        )
        connection.execute("INSERT INTO deliveries VALUES ('a','a.csv','accepted','',1,1,'r','2')")
    Ledger(path).record(BANK)
    assert [delivery.file_name for delivery in Ledger(path).deliveries()] == ["a.csv", "bank.csv"]


def test_withdrawn_delivery_does_not_count(ledger: Ledger) -> None:
    """It stays in the ledger with the operator's reason, and an undo restores it."""
    ledger.record(replace(BANK, reason="2 of them were short."))
    ledger.record(MORE)
    before = ledger.deliveries()
    found = ledger.withdraw("bbbbbbbb", "wrong month")
    assert (found.status, found.reason, found.file_name) == ("withdrawn", "wrong month", "bank.csv")
    assert datetime.fromisoformat(found.withdrawn_at)
    assert [one.sha256 for one in current_content(ledger.deliveries())] == [MORE.sha256]
    ledger.record(BANK)  # a copy that is still in the landing folder
    assert ledger.deliveries()[0].status == "withdrawn"
    assert ledger.undo_withdrawal("BBBBBBBB").status == "accepted"
    assert ledger.deliveries() == before


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        ("bbbbbbb", "give at least the first 8 digits"),
        ("no digits", "give at least the first 8 digits"),
        ("%%%%%%%%", "give at least the first 8 digits"),
        ("e" * 64, "No delivery has a SHA-256 that begins with eee"),
        ("b" * 8, "2 deliveries have a SHA-256 that begins with bbbbbbbb"),
        ("d" * 8, "broken.csv (dddddddd) is rejected; only an accepted file can be"),
        ("c" * 8, "more.csv (cccccccc) is withdrawn; only an accepted file can be"),
    ],
)
def test_withdrawal_is_refused_with_a_sentence(ledger: Ledger, start: str, sentence: str) -> None:
    """Too short, unknown, ambiguous, or not accepted: nothing changes."""
    twin = replace(BANK, sha256="b" * 8 + "0" * 56)
    for one in (BANK, twin, MORE, replace(BROKEN, file_name="broken.csv")):
        ledger.record(one)
    ledger.withdraw(MORE.sha256)
    before = ledger.deliveries()
    with pytest.raises(WithdrawalError, match=re.escape(sentence)):
        ledger.withdraw(start)
    assert ledger.deliveries() == before


def test_undo_without_a_withdrawal_is_refused(ledger: Ledger) -> None:
    """Only a withdrawn delivery can be restored."""
    ledger.record(BANK)
    with pytest.raises(WithdrawalError, match="is accepted, not withdrawn"):
        ledger.undo_withdrawal(BANK.sha256)


def test_older_ledger_can_withdraw(tmp_path: Path) -> None:
    """An older build's table allows two statuses; it is kept without loss."""
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE deliveries (sha256 TEXT PRIMARY KEY, file_name TEXT NOT NULL,"
            " status TEXT NOT NULL CHECK (status IN ('accepted', 'rejected')),"
            " reason TEXT NOT NULL, size_bytes INTEGER NOT NULL, records INTEGER NOT NULL,"
            " run_id TEXT NOT NULL, taken_at TEXT NOT NULL, contract TEXT NOT NULL DEFAULT '')"
        )
        connection.execute(
            "INSERT INTO deliveries VALUES (?,'a.csv','accepted','',1,1,'r','2','c')", ("a" * 64,)
        )
    assert Ledger(path).withdraw("a" * 64).status == "withdrawn"
    assert [one.status for one in Ledger(path).deliveries()] == ["withdrawn"]


@pytest.mark.parametrize(
    ("name", "is_correction"),
    [("corrections.csv", True), ("corrections_2016-08.csv.gz", True), ("bank.csv", False)],
)
def test_the_name_says_whether_a_file_corrects(name: str, *, is_correction: bool) -> None:
    assert replace(BANK, file_name=name).is_correction is is_correction


def test_deliveries_of_one_second_keep_their_order(ledger: Ledger) -> None:
    """Of two files that land together, the later name is the later delivery."""
    files = [replace(BANK, sha256=digit * 64, file_name=f"{digit}.csv") for digit in "7c1fa0"]
    for delivery in files:
        ledger.record(delivery)
    assert [found.file_name for found in ledger.deliveries()] == [d.file_name for d in files]


@pytest.mark.parametrize(("latest", "names"), [(False, "cd"), (True, "abecd")])
def test_precedence_of_corrections_is_highest(names: str, *, latest: bool) -> None:
    arrived = ["a", "corrections_c", "b", "corrections_d", "e"]
    deliveries = [replace(BANK, file_name=f"{name}.csv") for name in arrived]
    found = by_precedence(deliveries, latest=latest)
    assert "".join(one.file_name.removesuffix(".csv")[-1] for one in found) == names


def test_another_process_reads_the_same_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger(path).record(BANK)
    assert [delivery.sha256 for delivery in Ledger(path).deliveries()] == [BANK.sha256]


def test_writers_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    contents = [replace(BANK, sha256=f"{number:064}") for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda delivery: Ledger(path).record(delivery), contents * 2))
    found = {delivery.sha256 for delivery in Ledger(path).deliveries()}
    assert found == {delivery.sha256 for delivery in contents}


@pytest.mark.parametrize("order", list(permutations([DEMO, BANK, MORE, BROKEN])))
def test_demo_data_is_ignored_once_real_data_exists(order: tuple[Delivery, ...]) -> None:
    assert current_content(order) == [BANK, MORE]


def test_demo_data_counts_while_nothing_else_is_accepted() -> None:
    assert current_content([BROKEN, DEMO]) == [DEMO]
    assert current_content([BROKEN]) == []


@given(st.sets(st.text("0123456789abcdef", min_size=64, max_size=64), max_size=4), st.randoms())
def test_content_hash_is_independent_of_order(contents: set[str], random: Random) -> None:
    shuffled = list(contents)
    random.shuffle(shuffled)
    assert content_hash(shuffled) == content_hash(contents)
    assert content_hash([*contents, "0"]) != content_hash(contents)
