"""Every content is ingested exactly once, identified by its hash, not its name."""

import errno
import gzip
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow.parquet as pq
import pytest

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing import files, intake
from bankseg_assets.landing.archive import sha256_of
from bankseg_assets.landing.intake import NothingDeliveredError, current_files, take_landed
from bankseg_assets.landing.ledger import Ledger
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.atomic_file import Draft

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
        os.utime(path, (0, 0))  # unchanged for long, so complete
        return path

    def take(self, contract: DeliveryContract = CONTRACT) -> dict[str, tuple[str, str]]:
        outcomes = take_landed(
            self.settings.landing_dir, self.settings.raw_dir, self.ledger, contract, run_id="run"
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


def test_same_content_twice_in_a_run_is_ingested_once(bank: Bank) -> None:
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
def test_demo_data_is_ignored_in_any_order_of_arrival(bank: Bank, order: tuple[str, ...]) -> None:
    for name in order:
        bank.deliver(name, content({"a.csv": "T1", "b.csv": "T2"}.get(name, "DEMO1")))
        bank.take()
    assert bank.transactions() == ["T1", "T2"]


def test_demo_data_alone_is_the_table(bank: Bank) -> None:
    bank.deliver("demo_transactions.csv", content("DEMO1"))
    bank.deliver("bad.csv", HEADER)
    bank.take()
    assert bank.transactions() == ["DEMO1"]


def test_intake_without_accepted_file_says_what_to_do(bank: Bank) -> None:
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


def test_vanished_file_waits_and_others_are_ingested(
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


def test_accepted_content_without_records_is_parsed_again(bank: Bank) -> None:
    bank.deliver("bank.csv", content("T1"))
    bank.take()
    (delivery,) = bank.ledger.deliveries()
    (bank.settings.raw_dir / delivery.sha256 / "records.parquet").unlink()
    assert bank.take()["bank.csv"][0] == "accepted"
    assert bank.transactions() == ["T1"]
    assert bank.ledger.deliveries() == [delivery]


def test_rejected_content_is_ingested_once_the_contract_fits(bank: Bank) -> None:
    other = replace(CONTRACT, delimiter=";")
    bank.deliver("bank.csv", content("T1").replace(",", ";"))
    assert "separated by ';'" in bank.take()["bank.csv"][1]
    assert bank.take(other)["bank.csv"] == ("accepted", "1 records.")
    assert bank.take()["bank.csv"][0] == "known"
    (delivery,) = bank.ledger.deliveries()
    assert (delivery.status, delivery.contract) == ("accepted", other.fingerprint)


def test_ignored_files_are_reported(bank: Bank) -> None:
    bank.deliver("notes\x1b.txt", "x")
    (bank.settings.landing_dir / "link.csv").symlink_to("/etc/passwd")
    assert {name: outcome for name, (outcome, _) in bank.take().items()} == {
        "notes\\x1b.txt": "ignored",
        "link.csv": "ignored",
    }


def test_extra_columns_and_malformed_records_are_reported(bank: Bank) -> None:
    bank.deliver("bank.csv", content("T1").replace("\n", ",Branch\n") + "short\n")
    message = bank.take()["bank.csv"][1]
    assert "2 records. 1 of them do not have the header's number of fields." in message
    assert "the contract does not name them: columns 'Branch'." in message
    (delivery,) = bank.ledger.deliveries()
    assert delivery.reason in message


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("place", ["archive", "parse"])
def test_machine_error_rejects_nothing(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, place: str, number: int
) -> None:
    def fail(_: Path) -> None:
        raise OSError(number, os.strerror(number))

    bank.deliver("bank.csv", content("T1"))
    with monkeypatch.context() as broken:
        broken.setattr(f"bankseg_assets.landing.{place}.draft_in", fail)
        outcome, message = bank.take()["bank.csv"]
    assert (outcome, bank.ledger.deliveries()) == ("waiting", [])
    assert os.strerror(number) in message
    assert bank.take()["bank.csv"][0] == "accepted"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_under_arrow_rejects_nothing(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def full(_: Path) -> Iterator[Draft]:
        with Path("/dev/full").open("wb", buffering=0) as file:
            yield Draft(Path("/dev/full"), cast(BinaryIO, file))

    bank.deliver("bank.csv", content("T1"))
    with monkeypatch.context() as broken:
        broken.setattr("bankseg_assets.landing.parse.draft_in", full)
        assert "No space left" in bank.take()["bank.csv"][1]
    assert bank.ledger.deliveries() == []
    assert bank.take()["bank.csv"][0] == "accepted"


@pytest.mark.parametrize("text", [content("T1"), HEADER], ids=["sound", "to be rejected"])
def test_file_replaced_between_hash_and_copy_waits(
    bank: Bank, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    bank.deliver("bank.csv", text)
    monkeypatch.setattr(intake, "sha256_of", lambda path: path.write_text("x") and "0" * 64)
    assert bank.take()["bank.csv"][0] == "waiting"
    assert bank.ledger.deliveries() == []


def test_killed_writer_leaves_no_valid_output(bank: Bank) -> None:
    bank.deliver("bank.csv", content("T1"))
    bank.take()
    (delivery,) = bank.ledger.deliveries()
    folder = bank.settings.raw_dir / delivery.sha256
    (folder / "records.parquet").rename(folder / ".draft-0123")
    (bank.settings.raw_dir / ".draft-4567").touch()
    assert bank.take()["bank.csv"][0] == "accepted"
    assert sorted(path.name for path in folder.iterdir()) == ["original", "records.parquet"]
    assert [path.name for path in bank.settings.raw_dir.iterdir()] == [delivery.sha256]


def test_withdrawn_file_that_is_still_landed_is_known(bank: Bank) -> None:
    """Its records may even be gone; only an undo restores it."""
    path = bank.deliver("january.csv", content("T1", "T2"))
    bank.deliver("february.csv", content("T3"))
    bank.take()
    bank.ledger.withdraw(sha256_of(path), "Wrong month.")
    (bank.settings.raw_dir / sha256_of(path) / intake.RECORDS_FILE).unlink()
    outcome, detail = bank.take()["january.csv"]
    assert outcome == "known"
    assert "was withdrawn as january.csv" in detail
    assert "Wrong month." in detail
    assert f"`bankseg withdraw --undo {sha256_of(path)[:8]}` accepts it again" in detail
    assert bank.transactions() == ["T3"]
    bank.ledger.undo_withdrawal(sha256_of(path))
    bank.take()
    assert bank.transactions() == ["T1", "T2", "T3"]


CUT_OFF = content("T1", "T2")[:-2]  # the amount 25 as 2


def test_stalled_upload_waits_and_is_ingested_whole(bank: Bank) -> None:
    path = bank.deliver("bank.csv", CUT_OFF)
    os.utime(path, (time.time() - 60,) * 2)
    outcome, detail = bank.take()["bank.csv"]
    assert (outcome, bank.ledger.deliveries()) == ("waiting", [])
    assert "once it is unchanged for 5 minutes, or immediately with" in detail
    assert "bank.csv.done next to it" in detail
    with pytest.raises(NothingDeliveredError, match=r"Waiting: bank\.csv: It may be incomplete"):
        bank.transactions()
    bank.deliver("bank.csv", content("T1", "T2"))
    assert bank.take()["bank.csv"] == ("accepted", "2 records.")


def test_a_last_record_without_a_line_end_is_not_silent(bank: Bank) -> None:
    """Many sound exports end like this, and so does a cut one with digits missing."""
    bank.deliver("bank.csv", CUT_OFF)
    assert "Record 3 is the last and has no line end" in bank.take()["bank.csv"][1]
    assert "may be cut off" in bank.ledger.deliveries()[0].reason


def test_a_marker_vouches_for_the_last_record(bank: Bank) -> None:
    bank.deliver("bank.csv.done", "")
    bank.deliver("bank.csv", CUT_OFF)
    assert bank.take()["bank.csv"] == ("accepted", "2 records.")


def test_a_gzip_that_is_still_sent_is_not_rejected(bank: Bank) -> None:
    """A rejection is permanent; after five minutes, no more data is expected."""
    path = bank.deliver("bank.csv.gz", "")
    path.write_bytes(gzip.compress(content("T1").encode())[:-6])
    os.utime(path, (time.time() - 60,) * 2)
    assert bank.take()["bank.csv.gz"][0] == "waiting"
    os.utime(path, (0, 0))
    assert bank.take()["bank.csv.gz"][0] == "rejected"


def test_hash_of_an_ingested_file_is_stored(bank: Bank) -> None:
    """A sensor uses it to recognise files too large to hash in one tick."""
    path = bank.deliver("bank.csv", content("T1"))
    bank.take()
    assert bank.ledger.hashes() == {("bank.csv", path.stat().st_size, 0): sha256_of(path)}


def test_lines_that_are_not_records_are_reported(bank: Bank) -> None:
    bank.deliver("bank.csv", "sep=,\n" + content("T1") + ",,,\n" + content("T2"))
    message = (
        "Skipped, because they are not records: 1 line above the header, 1 line without a value, "
        "1 line of repeated headers."
    )
    assert bank.take()["bank.csv"] == ("accepted", f"2 records. {message}")
    assert bank.ledger.deliveries()[0].reason == message


def test_malformed_records_at_the_end_may_be_a_footer(bank: Bank) -> None:
    bank.deliver("a.csv", content("T1", "T2") + "Total,50\nEnd of report\n")
    bank.deliver("b.csv", content("T3").replace("T3", "short\nT3"))
    outcomes = bank.take()
    assert (
        "They include the last 2: if that is a footer, set `footer_lines = 2`"
        in (outcomes["a.csv"][1])
    )
    assert "footer" not in outcomes["b.csv"][1]


def deliver_folder(bank: Bank, name: str, parts: dict[str, str]) -> Path:
    (bank.settings.landing_dir / name).mkdir()
    for part, text in parts.items():
        bank.deliver(f"{name}/{part}", text)
    return bank.settings.landing_dir / name


PARTS = {
    "part-00000-6c7f.csv": content("T1"),
    "part-00001-6c7f.csv": content("T2", "T3"),
    "part-00002-6c7f.csv": "",
    ".part-00000-6c7f.csv.crc": "crc",
    "_committed_17": "{}",
}


def test_files_of_a_spark_output_are_ingested(bank: Bank) -> None:
    """Each is a separate delivery, so a failed run keeps those already ingested."""
    folder = deliver_folder(bank, "export", PARTS)
    outcome, detail = bank.take()["export"]
    assert (outcome, bank.ledger.deliveries()) == ("ignored", [])
    assert "the whole folder with the file _SUCCESS in it" in detail
    bank.deliver("export/_SUCCESS", "")
    assert bank.take() == {
        "export/part-00000-6c7f.csv": ("accepted", "1 records."),
        "export/part-00001-6c7f.csv": ("accepted", "2 records."),
    }
    assert bank.transactions() == ["T1", "T2", "T3"]
    (folder / "part-00001-6c7f.csv").rename(bank.settings.landing_dir / "bank.csv")
    assert {outcome for outcome, _ in bank.take().values()} == {"known"}
    sources = {one.file_name for one in bank.ledger.deliveries()}
    assert sources == {"export/part-00000-6c7f.csv", "export/part-00001-6c7f.csv"}


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("month=8", "Write it without partitionBy."),
        ("_delta_log", "It is a Delta table, which keeps replaced files too."),
    ],
)
def test_folders_of_other_kinds_are_not_read(bank: Bank, inside: str, message: str) -> None:
    folder = deliver_folder(bank, "export", PARTS | {"_SUCCESS": ""})
    (folder / inside).mkdir()
    assert message in bank.take()["export"][1]
    assert bank.ledger.deliveries() == []


def test_links_in_a_spark_output_are_not_followed(bank: Bank, tmp_path: Path) -> None:
    folder = deliver_folder(bank, "export", PARTS | {"_SUCCESS": ""})
    secret = tmp_path / "secret.csv"
    secret.write_text(content("T9"))
    (folder / "part-00003.csv").symlink_to(secret)
    (bank.settings.landing_dir / "linked").symlink_to(folder, target_is_directory=True)
    outcomes = bank.take()
    assert outcomes["export/part-00003.csv"] == ("ignored", "It is a symbolic link, not a file.")
    assert outcomes["linked"] == ("ignored", "It is a symbolic link, not a file.")
    assert bank.transactions() == ["T1", "T2", "T3"]


def test_a_part_that_is_still_written_waits(bank: Bank) -> None:
    """The marker may be copied before the files, because copying is in name order."""
    folder = deliver_folder(bank, "export", PARTS | {"_SUCCESS": ""})
    part = folder / "part-00001-6c7f.csv"
    part.write_text(content("T2")[:-3])
    os.utime(part, (time.time() - 60,) * 2)
    assert bank.take()["export/part-00001-6c7f.csv"][0] == "waiting"
    assert bank.transactions() == ["T1"]
