"""Tests of `bankseg approve` and `bankseg decline`."""

import json
from pathlib import Path

import pytest

from bankseg_assets.privacy.audit import system_user
from bankseg_assets.release.candidates import decisions
from bankseg_assets.release.releases import current_release
from bankseg_assets_tests.app.candidates import with_candidate
from ops.cli import approve, decline, main, status
from ops.exit_codes import REFUSED

REASON = ["--reason", "Reviewed."]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path))
    return tmp_path


def test_approve_releases_the_candidate(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = with_candidate(data_dir)
    assert approve.main([*REASON, "--candidate", found.name]) == 0
    released = current_release(data_dir / "published")
    assert released is not None and released.approval is not None
    assert released.approval.by == system_user().name
    assert f"In use: {released.name}" in capsys.readouterr().out


def test_decline_keeps_the_release(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = with_candidate(data_dir)
    before = current_release(data_dir / "published")
    assert main.main(["decline", *REASON]) == 0
    assert current_release(data_dir / "published") == before
    assert f"Declined: {found.name}" in capsys.readouterr().out
    assert [one.candidate for one in decisions(data_dir / "published")] == [found.name]


@pytest.mark.parametrize("command", [approve, decline])
def test_maker_is_refused_on_the_command_line(
    data_dir: Path, capsys: pytest.CaptureFixture[str], command: object
) -> None:
    with_candidate(data_dir, made_by=system_user().name)
    assert command.main(REASON) == REFUSED  # type: ignore[attr-defined]
    assert "someone else must decide" in capsys.readouterr().err


def test_status_shows_what_awaits_approval(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = with_candidate(data_dir)
    status.main(["--json"])
    shown = json.loads(capsys.readouterr().out)["candidate"]
    assert (shown["name"], shown["made_by"]) == (found.name, "bob")
    status.main([])
    assert "awaits approval: bankseg approve, bankseg decline" in capsys.readouterr().out
