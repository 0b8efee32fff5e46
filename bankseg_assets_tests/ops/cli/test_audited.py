"""Each command that acts on releases, files or customers leaves an entry with who, what and why."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bankseg_assets.privacy.audit import AuditLog, actor
from bankseg_assets.release.releases import all_releases
from bankseg_assets.runtime.settings import CALLED_FROM
from bankseg_assets_tests.app.customers import tables
from bankseg_assets_tests.app.publishing import publish
from bankseg_assets_tests.erasure.bank import CANARY, Bank, bank
from ops.cli import campaign, evidence, export, forget, quarantine, rollback, subject, withdraw

WHY = "request 2027-14"


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bank:
    made = bank(tmp_path)
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(made.settings.data_dir))
    monkeypatch.setenv(CALLED_FROM, str(tmp_path))
    return made


def entry_of(folder: Path) -> Mapping[str, Any]:
    """Return the newest entry, which names the operating system's user."""
    *_, entry = AuditLog(folder).entries()
    assert (entry["who"], entry["known_by"]) == (actor(), "operating system")
    return entry


def parts(entry: Mapping[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(entry[name] for name in names)


def test_rollback_is_audited(found: Bank) -> None:
    assert rollback.main(["--note", WHY]) == 0
    entry = entry_of(found.settings.audit_dir)
    newest = all_releases(found.settings.published_dir)[-1]
    assert parts(entry, "what", "on", "why") == ("rollback", newest.name, WHY)


def test_withdrawal_and_its_end_are_audited(found: Bank) -> None:
    (sha256, *_) = [one.sha256 for one in found.ledger.deliveries()]
    assert withdraw.main([sha256, "--reason", WHY]) == 0
    entry = entry_of(found.settings.audit_dir)
    assert parts(entry, "what", "on", "why") == ("withdraw", sha256, WHY)
    assert withdraw.main([sha256, "--undo"]) == 0
    assert parts(entry_of(found.settings.audit_dir), "what", "on") == ("withdrawal undone", sha256)


def test_export_is_audited(found: Bank, tmp_path: Path) -> None:
    url = (tmp_path / "there").as_uri()
    assert export.main([url]) == 0
    entry = entry_of(found.settings.audit_dir)
    newest = all_releases(found.settings.published_dir)[-1]
    assert parts(entry, "what", "on", "result") == ("export", newest.name, url)


@pytest.mark.parametrize(
    ("command", "what", "result"),
    [(subject, "subject looked up", "10 rows"), (forget, "forget", "erased")],
)
def test_customer_is_named_by_reference(found: Bank, command: Any, what: str, result: str) -> None:
    assert command.main([CANARY, "--reason", WHY]) == 0
    entry = entry_of(found.settings.audit_dir)
    assert parts(entry, "what", "why", "result") == (what, WHY, result)
    assert len(entry["on"]) == 16
    assert CANARY not in str(entry)


def test_quarantined_rows_are_audited(found: Bank) -> None:
    assert quarantine.main([]) == 0
    entry = entry_of(found.settings.audit_dir)
    assert parts(entry, "what", "on") == ("list downloaded", "quarantined rows")


def test_evidence_is_audited(found: Bank) -> None:
    assert evidence.main([]) == 0
    assert entry_of(found.settings.audit_dir)["what"] == "evidence"


def test_list_is_audited_with_rows_segment_and_campaign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv(CALLED_FROM, str(tmp_path))
    publish(tmp_path / "data", tables())
    assert campaign.main(["at risk", "--top", "20", "--campaign", "spring"]) == 0
    entry = entry_of(tmp_path / "data" / "audit")
    assert parts(entry, "what", "on", "result") == ("list downloaded", "At risk", "20 customers")
    assert entry["details"]["campaign"] == "spring"
    assert entry["details"]["customers"] == 20
