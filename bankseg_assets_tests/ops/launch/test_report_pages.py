"""Dagster's web server answers with the pages of reports, and with no other file."""

from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.report_pages import report_address
from ops.launch.report_pages import REPORTS, report


@pytest.fixture
def version(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a version of the EDA report."""
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(settings.data_dir))
    version = settings.published_dir / "eda_report" / "00000001-20260101T000000.000000Z-ab12cd34"
    version.mkdir(parents=True)
    (version / "report.html").write_text("<p>€</p>", encoding="utf-8")
    (version / "model.json").write_text("{}", encoding="utf-8")
    return version


def ask(path: str) -> Response:
    """Return the answer to a path that the route matches."""
    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    _, found = REPORTS.matches(scope)
    return report(Request(scope | dict(found)))


def test_report_is_shown_without_an_origin(version: Path) -> None:
    answer = ask(report_address(version))
    assert isinstance(answer, FileResponse)
    assert Path(answer.path) == version / "report.html"
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "allow-same-origin" not in policy


def test_removed_report_is_explained(version: Path) -> None:
    answer = ask(report_address(version.with_name("00000000-of-old")))
    assert answer.status_code == 404
    assert b"newer materialization" in answer.body


@pytest.mark.parametrize("asset", ["..", ".hidden", "a\\b", "ledger"])
def test_other_folders_are_not_served(version: Path, asset: str) -> None:
    assert ask(f"/reports/{asset}/{version.name}").status_code == 404
