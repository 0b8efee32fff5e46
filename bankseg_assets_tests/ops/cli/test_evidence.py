"""`bankseg evidence` writes the archive, and records it."""

import zipfile
from pathlib import Path

import pytest

from bankseg_assets.privacy.audit import AuditLog
from bankseg_assets_tests.erasure.bank import bank
from ops.cli.evidence import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("BANKSEG_CALLED_FROM", str(tmp_path))
    return tmp_path


def test_evidence_is_written_and_recorded(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = bank(folder)
    assert main(["pack.zip"]) == 0
    with zipfile.ZipFile(folder / "pack.zip") as archive:
        assert {"index.html", "sbom.cdx.json", "duties.md"} <= set(archive.namelist())
    entry = list(AuditLog(found.settings.audit_dir).entries())[-1]
    assert entry["what"] == "evidence"
    assert entry["details"]["sha256"] in capsys.readouterr().out


def test_unknown_release_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "available: none" in capsys.readouterr().err
    bank(folder)
    assert main(["--release", "9999"]) == 2
    assert "0 releases are named '9999'" in capsys.readouterr().err
