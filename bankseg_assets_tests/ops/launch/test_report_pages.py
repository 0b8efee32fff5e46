"""Dagster's web server answers with the pages of reports, and with no other file."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.report_pages import report_address
from ops.launch.report_pages import REPORTS


@pytest.fixture
def page(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(settings.data_dir))
    version = settings.published_dir / "eda_report" / "00000001-20260101T000000.000000Z-ab12cd34"
    version.mkdir(parents=True)
    (version / "report.html").write_text("<p>€</p>", encoding="utf-8")
    (version / "model.json").write_text("{}", encoding="utf-8")
    return version


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=[REPORTS]))


def test_report_is_shown_without_an_origin(page: Path, client: TestClient) -> None:
    answer = client.get(report_address(page))
    assert (answer.status_code, answer.text) == (200, "<p>€</p>")
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "allow-same-origin" not in policy


def test_removed_report_is_explained(page: Path, client: TestClient) -> None:
    answer = client.get(report_address(page.with_name("00000000-of-before")))
    assert answer.status_code == 404
    assert "newer materialization" in answer.text


@pytest.mark.parametrize("path", ["..%2F..", "eda_report/..", ".hidden", "a%5Cb"])
def test_other_folders_are_not_served(page: Path, client: TestClient, path: str) -> None:
    assert client.get(f"/reports/{path}/{page.name}").status_code == 404
