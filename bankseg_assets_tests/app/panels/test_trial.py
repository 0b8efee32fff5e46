"""Tests of the page "Check a file": questions, contract and report."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.panels import trial
from bankseg_assets.runtime.settings import DEFAULT_CONTRACT
from bankseg_assets_tests.onboarding.made_up import ambiguous_days

ROOT = Path(__file__).parents[3]
REPORT: dict[str, Any] = {
    "outcome": "accepted",
    "detail": "60 records.",
    "sampled": 60,
    "accepted": 58,
    "quarantined": 2,
    "duplicates": 0,
    "header": {"amount": "Amount"},
    "facts": ["Days from 2024-01-01 to 2024-12-12"],
    "reasons": [
        {"code": "invalid_amount", "rows": 2, "examples": ["9,9"], "advice": "Set `a = ','`."}
    ],
    "rows": [{"raw": {"amount": "99.99"}, "parsed": {"amount": "99.99"}}],
}


@pytest.fixture
def page(data_dir: Path) -> AppTest:
    opened = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
    return opened.switch_page("views/check_file.py").run()


@pytest.fixture
def uploaded(page: AppTest) -> AppTest:
    page.file_uploader(key="sample").upload("bank.csv", ambiguous_days().content, "text/csv")
    return page.run()


def test_page_asks_what_the_file_does_not_say(uploaded: AppTest) -> None:
    assert not uploaded.exception, uploaded.exception
    labels = [box.label for box in uploaded.selectbox]
    assert any("no value has a day above 12" in label for label in labels)
    assert uploaded.radio(key="trial_contract_False").options == ["The contract in use"]


def test_page_completes_the_contract_with_answers(uploaded: AppTest) -> None:
    for box in uploaded.selectbox:
        box.select_index(0)
    uploaded.run()
    assert not uploaded.exception, uploaded.exception
    assert any("Every setting is known" in one.value for one in uploaded.success)
    assert 'format = "d/M/yyyy"' in uploaded.code[0].value


def test_page_shows_the_report_of_a_check(
    uploaded: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, json.dumps(REPORT) + "\n", "")

    monkeypatch.setattr(trial.subprocess, "run", run)
    uploaded.button(key="trial_check").click().run()
    assert not uploaded.exception, uploaded.exception
    assert [one.value for one in uploaded.metric] == ["60", "58", "2", "0"]


def test_page_hides_a_report_with_values_when_they_are_hidden(
    uploaded: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The toggle is of what is shown, and not of the next check alone."""

    def run(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, json.dumps(REPORT) + "\n", "")

    monkeypatch.setattr(trial.subprocess, "run", run)
    uploaded.toggle(key="trial_values").set_value(True).run()
    uploaded.button(key="trial_check").click().run()
    assert uploaded.metric
    uploaded.toggle(key="trial_values").set_value(False).run()
    assert not uploaded.exception, uploaded.exception
    assert not uploaded.metric


def test_page_says_why_a_check_could_not_run(
    uploaded: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        raise subprocess.TimeoutExpired([], 1)

    monkeypatch.setattr(trial.subprocess, "run", run)
    uploaded.button(key="trial_check").click().run()
    assert any("was stopped" in one.value for one in uploaded.error)


class Upload:
    """Stand-in for Streamlit's UploadedFile."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name, self._content = name, content

    def getbuffer(self) -> bytes:
        return self._content


@pytest.mark.subprocess
def test_checked_reports_a_rejected_file_and_cleans_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    upload: Any = Upload("../Bank.CSV", ambiguous_days().content)
    contract = DEFAULT_CONTRACT.read_text(encoding="utf-8")
    report = trial.checked(upload, contract, show_values=False)
    assert report["outcome"] == "rejected"
    assert "has no column" in report["detail"]
    with pytest.raises(trial.TrialError, match=r"currency is '\?'"):
        trial.checked(upload, contract.replace('"INR"', '"?"'), show_values=False)
    assert list(tmp_path.iterdir()) == []


def test_page_refuses_a_file_without_a_header(page: AppTest) -> None:
    page.file_uploader(key="sample").upload("bank.csv", b"1,2,3\n4,5,6\n", "text/csv")
    page.run()
    assert any("no line that looks like a header" in one.value for one in page.error)
