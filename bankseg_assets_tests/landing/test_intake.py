"""Every content is taken exactly once, by what it holds and not by what it is called."""

import os
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bankseg_assets.delivery import DeliveryContract
from bankseg_assets.landing import files
from bankseg_assets.landing.archive import sha256_of
from bankseg_assets.landing.intake import NothingDeliveredError, current_files, take_landed
from bankseg_assets.landing.ledger import Ledger
from bankseg_assets.settings import Settings

CONTRACT = DeliveryContract()
HEADER = ",".join(CONTRACT.header.values())


def content(*ids: str) -> str:
    rows = [f"{name},C1,10/1/94,F,PUNE,9.5,2/8/16,143207,25" for name in ids]
    return "\n".join([HEADER, *rows]) + "\n"


@dataclass(frozen=True)
class Bank:
    """A landing folder with its archive and ledger."""

    settings: Settings
    ledger: Ledger

    def deliver(self, name: str, text: str) -> Path:
        path = self.settings.landing_dir / name
        path.write_text(text, encoding="utf-8")
        os.utime(path, (0, 0))  # long quiet, so complete
        return path

    def take(self) -> dict[str, tuple[str, str]]:
        outcomes = take_landed(
            self.settings.landing_dir, self.settings.raw_dir, self.ledger, CONTRACT, run_id="run"
        )
        return {outcome.file_name: (outcome.outcome, outcome.detail) for outcome in outcomes}

    def transactions(self) -> list[str]:
        current = current_files(self.settings.raw_dir, self.ledger, self.settings.landing_dir)
        assert list(current) == sorted(current)
        return sorted(
            name
            for path in current.values()
            for name in pq.read_table(path)["transaction_id"].to_pylist()
        )


@pytest.fixture
def bank(settings: Settings) -> Bank:
    return Bank(settings, Ledger(settings.ledger_path))


def test_an_accepted_file_is_archived_parsed_and_recorded(bank: Bank) -> None:
    path = bank.deliver("bank.csv", content("T1", "T2"))
    assert bank.take() == {"bank.csv": ("accepted", "2 records.")}
    (delivery,) = bank.ledger.deliveries()
    assert delivery.sha256 == sha256_of(path)
    assert (delivery.records, delivery.size_bytes) == (2, path.stat().st_size)
    archived = bank.settings.raw_dir / delivery.sha256
    assert sorted(file.name for file in archived.iterdir()) == ["original", "records.parquet"]
    assert bank.transactions() == ["T1", "T2"]


def test_the_same_content_is_known_under_any_name(bank: Bank) -> None:
    bank.deliver("bank.csv", content("T1"))
    bank.take()
    bank.deliver("again.csv", content("T1"))
    outcomes = bank.take()
    assert {outcome for outcome, _ in outcomes.values()} == {"known"}
    assert "accepted as bank.csv at 2" in outcomes["again.csv"][1]
    assert bank.transactions() == ["T1"]


def test_the_same_content_twice_in_one_look_is_taken_once(bank: Bank) -> None:
    bank.deliver("a.csv", content("T1"))
    bank.deliver("b.csv", content("T1"))
    assert [outcome for outcome, _ in bank.take().values()] == ["accepted", "known"]
    assert bank.transactions() == ["T1"]


def test_a_known_name_with_new_content_is_a_new_delivery(bank: Bank) -> None:
    bank.deliver("bank.csv", content("T1"))
    bank.take()
    bank.deliver("bank.csv", content("T2"))
    assert bank.take()["bank.csv"][0] == "accepted"
    assert bank.transactions() == ["T1", "T2"]


def test_rejected_content_stays_rejected_with_its_reason(bank: Bank) -> None:
    bank.deliver("bad.csv", HEADER + "\n")
    bank.deliver("good.csv", content("T1"))
    outcomes = bank.take()
    assert outcomes["bad.csv"][0] == "rejected"
    assert "has a header but no record" in outcomes["bad.csv"][1]
    assert outcomes["good.csv"][0] == "accepted"
    bank.deliver("renamed.csv", HEADER + "\n")
    again = bank.take()
    assert {outcome for outcome, _ in again.values()} == {"known"}
    assert "rejected as bad.csv" in again["renamed.csv"][1]
    assert "has a header but no record" in again["renamed.csv"][1]
    assert bank.transactions() == ["T1"]


@pytest.mark.parametrize("order", list(permutations(["demo_transactions.csv", "a.csv", "b.csv"])))
def test_demo_data_steps_aside_in_any_order_of_arrival(bank: Bank, order: tuple[str, ...]) -> None:
    for name in order:
        bank.deliver(name, content({"a.csv": "T1", "b.csv": "T2"}.get(name, "DEMO1")))
        bank.take()
    assert bank.transactions() == ["T1", "T2"]


def test_demo_data_alone_is_the_table(bank: Bank) -> None:
    bank.deliver("demo_transactions.csv", content("DEMO1"))
    bank.deliver("bad.csv", HEADER)
    bank.take()
    assert bank.transactions() == ["DEMO1"]


def test_without_an_accepted_file_the_message_says_what_to_do(bank: Bank) -> None:
    with pytest.raises(NothingDeliveredError, match=r"Put a CSV.*or run `make demo-data`\.$"):
        bank.transactions()
    bank.deliver("bad.csv", "")
    bank.take()
    with pytest.raises(NothingDeliveredError, match=r"Rejected so far: bad\.csv is empty"):
        bank.transactions()


def test_a_file_still_being_written_waits(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bank.deliver("bank.csv", content("T1"))
    os.utime(path)
    monkeypatch.setattr(files.time, "sleep", lambda _: path.write_text("more", encoding="utf-8"))
    assert bank.take()["bank.csv"][0] == "waiting"
    assert bank.ledger.deliveries() == []


def test_a_file_that_vanishes_waits_and_the_others_are_taken(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = bank.deliver("a.csv", content("T1"))
    bank.deliver("b.csv", content("T2"))
    monkeypatch.setattr(
        "bankseg_assets.landing.intake.is_complete", lambda _: gone.unlink(missing_ok=True) or True
    )
    assert {name: outcome for name, (outcome, _) in bank.take().items()} == {
        "a.csv": "waiting",
        "b.csv": "accepted",
    }


def test_accepted_content_whose_records_were_lost_is_parsed_again(bank: Bank) -> None:
    bank.deliver("bank.csv", content("T1"))
    bank.take()
    (delivery,) = bank.ledger.deliveries()
    (bank.settings.raw_dir / delivery.sha256 / "records.parquet").unlink()
    assert bank.take()["bank.csv"][0] == "accepted"
    assert bank.transactions() == ["T1"]
    assert bank.ledger.deliveries() == [delivery]
