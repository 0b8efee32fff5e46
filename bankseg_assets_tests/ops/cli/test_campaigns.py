"""Tests of `bankseg campaigns`."""

import json
from pathlib import Path

import pandas as pd
import pytest

from bankseg_assets.campaigns.campaign_store import all_campaigns
from bankseg_assets.campaigns.results import CAMPAIGN_RESULTS, CampaignResults
from bankseg_assets.runtime.settings import CALLED_FROM
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets_tests.app.customers import tables
from bankseg_assets_tests.app.publishing import publish, write_document
from bankseg_assets_tests.campaigns.made import result
from ops.cli import campaigns

Output = pytest.CaptureFixture[str]
MAKE = ["make", "Spring", "--group", "Champions", "--hold-out", "0.3"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to write to, and a platform with a hundred customers."""
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path / "data"))
    publish(tmp_path / "data", tables())
    monkeypatch.setenv(CALLED_FROM, str(tmp_path))
    return tmp_path


def printed(capsys: Output, *arguments: str) -> str:
    """Run a command that succeeds; return what it prints."""
    assert campaigns.main(arguments) == 0
    return capsys.readouterr().out


def measure(folder: Path) -> None:
    """Publish a result of the only campaign."""
    (one,) = all_campaigns(folder / "data")
    found = CampaignResults(campaigns=(result(campaign_id=one.id),))
    write_document(folder / "data", CAMPAIGN_RESULTS, found.model_dump(mode="json"))


def test_plan_makes_nothing(folder: Path, capsys: Output) -> None:
    text = printed(capsys, "plan", *MAKE[1:])
    assert "customers to contact" in text
    assert all_campaigns(folder / "data") == []
    assert "There is no campaign yet" in printed(capsys, "list")


def test_made_campaign_starts_after_the_data(folder: Path, capsys: Output) -> None:
    text = printed(capsys, *MAKE, "--goal", "More visits", "--rule", "monetary>=100")
    assert "until 20 November 2016, do not contact them" in text
    (one,) = all_campaigns(folder / "data")
    assert (str(one.starts_on), one.days, one.request.goal) == ("2016-10-22", 30, "More visits")
    assert one.customers == 62
    later = ["--first-day", "2017-01-01", "--last-day", "2017-01-10"]
    assert campaigns.main(["make", "Winter", *MAKE[2:], *later]) == 0
    assert all_campaigns(folder / "data")[0].days == 10


def test_customers_of_each_arm_are_written(folder: Path, capsys: Output) -> None:
    campaigns.main(MAKE)
    assert "do not contact them" in printed(capsys, "customers", "spring")
    treated = pd.read_csv(folder / "spring_treated.csv")
    details = json.loads((folder / "spring_treated.json").read_text(encoding="utf-8"))
    assert details["arm"] == "treated"
    printed(capsys, "customers", "spring", "others.csv", "--arm", "held-out")
    others = pd.read_csv(folder / "others.csv")
    assert len(treated) + len(others) == 62
    assert "monetary" not in others


def test_result_is_shown_in_each_format(folder: Path, capsys: Output) -> None:
    campaigns.main(MAKE)
    assert "it comes with the next delivery" in printed(capsys, "show", "spring")
    assert campaigns.main(["show", "spring", "--format", "csv"]) == 2
    measure(folder)
    text = printed(capsys, "show", "spring")
    assert "Next: Contact the customers" in text
    assert "INR 12 (INR 4 to 20)" in text
    assert json.loads(printed(capsys, "show", "spring", "--format", "json"))["verdict"] == "worked"
    printed(capsys, "show", "spring", "report.html", "--format", "html")
    assert "<h1>Spring</h1>" in (folder / "report.html").read_text(encoding="utf-8")
    assert "The campaign worked" in printed(capsys, "list")


def test_campaign_is_ended_and_removed(folder: Path, capsys: Output) -> None:
    campaigns.main(MAKE)
    text = printed(capsys, "end", "spring", "--why", "sold out")
    assert "measured until 2016-10-22" in text
    printed(capsys, "remove", "spring")
    assert all_campaigns(folder / "data") == []


@pytest.mark.usefixtures("folder")
def test_errors_say_what_was_expected(capsys: Output) -> None:
    assert campaigns.main(["show", "nothing"]) == 2
    assert "There is no campaign 'nothing'" in capsys.readouterr().err
    assert campaigns.main([*MAKE, "--rule", "age"]) == 2
    assert "Expected a rule such as monetary>=1000" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["age", "age>=x", "age=3"])
def test_rule_without_a_limit_is_refused(text: str) -> None:
    with pytest.raises(ListError, match="Expected a rule"):
        campaigns.parsed_rule(text)
