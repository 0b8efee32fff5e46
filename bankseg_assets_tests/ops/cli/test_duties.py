"""Tests of `bankseg forget`, `bankseg subject` and `bankseg audit`."""

import io
import json
import shutil
from pathlib import Path

import pytest

from bankseg_assets.storage.run_lock import held_by_run
from bankseg_assets_tests.erasure.bank import CANARY, PLACE, Bank, bank
from ops.cli import audit, forget, subject, withdraw


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bank:
    """A bank whose data folder the commands use."""
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path / "data"))
    return bank(tmp_path)


def test_forget_erases_and_verifies(found: Bank, capsys: pytest.CaptureFixture[str]) -> None:
    assert forget.main([CANARY, "--verify"]) == 1
    assert "landing/january.csv: found" in capsys.readouterr().out
    assert forget.main([CANARY, "--reason", "request 7"]) == 0
    out = capsys.readouterr().out
    assert "raw: 3 rows" in out
    assert "found no ID" in out
    assert CANARY not in out
    assert forget.main([CANARY, "--verify"]) == 0
    assert list((found.settings.privacy_dir / "certificates").glob("*.html"))


def test_forget_reads_ids_from_standard_input(
    found: Bank, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"C1\n\n{CANARY}\n"))
    assert forget.main(["--file", "-"]) == 0
    customers = found.settings.landing_dir / "april.csv"
    assert "C8" in customers.read_text(encoding="utf-8")
    assert "C1," not in customers.read_text(encoding="utf-8")
    assert "IDs of fewer than 6 characters" in capsys.readouterr().out


def test_forget_needs_a_customer(found: Bank, capsys: pytest.CaptureFixture[str]) -> None:
    assert found.settings.raw_dir.is_dir()
    assert forget.main([" "]) == 2
    assert "give an ID, or a file with one ID in each line" in capsys.readouterr().err


def test_forget_waits_for_no_run(found: Bank, capsys: pytest.CaptureFixture[str]) -> None:
    with held_by_run(found.settings.published_dir):
        assert forget.main([CANARY]) == 2
    assert "A run, a copy of a release or another erasure" in capsys.readouterr().err


def test_subject_shows_files_and_tables(found: Bank, capsys: pytest.CaptureFixture[str]) -> None:
    assert found.settings.raw_dir.is_dir()
    assert subject.main([CANARY]) == 0
    words = capsys.readouterr().out
    assert "1 rows in march.parquet" in words
    assert "Objection to marketing: none recorded." in words
    assert subject.main([CANARY, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert len(document["files"]) == 3
    assert document["files"][0]["records"][0]["location"] == PLACE
    assert set(document["tables"]) == {
        *("cleaned_transactions", "quarantined_transactions", "rfm_table"),
        *("customer_segments", "product_recommendations", "watch_list"),
    }


def test_subject_shows_data_before_a_release(
    found: Bank, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(found.settings.published_dir / "release")
    assert subject.main([CANARY]) == 0
    words = capsys.readouterr().out
    assert "Cleaned transactions, not released: 3 rows" in words
    assert subject.main([CANARY, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["tables"] == {}
    assert len(document["unreleased"]["customer_segments"]) == 1


def test_subject_after_erasure(found: Bank, capsys: pytest.CaptureFixture[str]) -> None:
    assert found.settings.raw_dir.is_dir()
    forget.main([CANARY])
    capsys.readouterr()
    assert subject.main([CANARY]) == 0
    words = capsys.readouterr().out
    assert "The customer was erased" in words
    assert "No delivered file and no table" in words


def test_audit_shows_who_did_what(found: Bank, capsys: pytest.CaptureFixture[str]) -> None:
    (first, *_) = found.ledger.deliveries()
    withdraw.main([first.sha256, "--reason", "wrong month"])
    subject.main([CANARY])
    subject.main(["C1"])
    capsys.readouterr()
    assert audit.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "withdraw" in lines[0]
    assert lines[0].endswith("Reason: wrong month")
    assert CANARY not in "".join(lines)
    assert audit.main(["--subject", CANARY, "--json"]) == 0
    (entry,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert entry["what"] == "subject looked up"


def test_audit_verifies_the_chain(found: Bank, capsys: pytest.CaptureFixture[str]) -> None:
    subject.main([CANARY])
    subject.main(["C1"])
    capsys.readouterr()
    assert audit.main(["--verify"]) == 0
    assert "The chain of 2 entries is intact" in capsys.readouterr().out
    (path,) = found.settings.audit_dir.glob("audit-*.jsonl")
    path.write_text(path.read_text(encoding="utf-8").splitlines()[1] + "\n", encoding="utf-8")
    assert audit.main(["--verify"]) == 1
    assert "line 1: entry 1 was expected and 2 was found" in capsys.readouterr().err
