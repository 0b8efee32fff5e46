"""Tests of making a campaign, and of the page of campaigns."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from bankseg_assets.campaigns.campaign import Campaign
from bankseg_assets.campaigns.campaign_store import all_campaigns
from bankseg_assets.campaigns.results import CAMPAIGN_RESULTS, CampaignResults
from bankseg_assets_tests.app.customers import MAIN, opened, tables
from bankseg_assets_tests.app.publishing import publish, write_document
from bankseg_assets_tests.campaigns.made import result
from bankseg_assets_tests.campaigns.test_objections import object_to


def checked(page: AppTest, **values: Any) -> AppTest:
    """Fill in the form of a campaign, and check it."""
    page.number_input(key="campaign_share").set_value(30)
    for key, value in values.items():
        page.text_input(key=key).set_value(value)
    page.button(key="campaign_check").click()
    page.run()
    assert not page.exception, page.exception
    return page


def make(data_dir: Path) -> tuple[AppTest, Campaign]:
    """Make a campaign for the champions on the page; return the page that follows."""
    page = checked(opened(data_dir, who="Champions"), campaign_goal="More visits")
    page.button(key="campaign_make").click().run()
    assert not page.exception, page.exception
    assert page.title[0].value == "Campaigns"
    assert "reward champions was made" in page.success[0].value
    page.switch_page("views/campaigns.py").run()  # AppTest itself does not follow a switch
    (made,) = all_campaigns(data_dir)
    return page, made


def shown(data_dir: Path, **changes: Any) -> AppTest:
    """Make a campaign, measure it, and open the page of campaigns."""
    page, made = make(data_dir)
    found = CampaignResults(campaigns=(result(campaign_id=made.id, **changes),))
    write_document(data_dir, CAMPAIGN_RESULTS, found.model_dump(mode="json"))
    page.run()
    assert not page.exception, page.exception
    return page


def labels(page: AppTest) -> list[str]:
    return [one.proto.label for one in page.get("download_button")]


def test_campaign_is_checked_before_it_is_made(data_dir: Path) -> None:
    object_to(data_dir, *(f"C{number}" for number in range(76, 96)))
    page = checked(opened(data_dir, who="Champions"))
    counts = {one.label: int(one.value.replace(",", "")) for one in page.metric}
    assert counts["To contact"] + counts["Held out"] == 50
    assert counts["Left out by objection"] == 12
    assert all_campaigns(data_dir) == []


def test_changed_choices_must_be_checked_again(data_dir: Path) -> None:
    page = checked(opened(data_dir, who="Champions"))
    page.text_input(key="list_campaign_name").set_value("Summer").run()
    assert not any(one.key == "campaign_make" for one in page.button)
    assert any("check it again" in one.value for one in page.caption)


def test_made_campaign_is_shown_with_both_lists(data_dir: Path) -> None:
    page, made = make(data_dir)
    assert (made.audience, made.request.goal) == ("Champions, top 500", "More visits")
    assert labels(page) == [
        "Report (HTML)",
        "Customers to contact (XLSX)",
        "Customers to contact (CSV)",
        "Held out, to exclude (CSV)",
    ]
    assert any("do not contact them" in one.value for one in page.markdown)


def test_audience_is_narrowed_by_segment_and_rule(data_dir: Path) -> None:
    page = opened(data_dir, who="Champions")
    page.multiselect(key="campaign_narrowed").set_value(["Small spenders"])
    page.multiselect(key="campaign_rules").set_value(["recency"]).run()
    page.number_input(key="campaign_recency_at most").set_value(3.0)
    page = checked(page)
    page.button(key="campaign_make").click().run()
    (made,) = all_campaigns(data_dir)
    assert made.customers == 45
    assert made.audience.startswith("Champions, in Small spenders")


def test_impossible_campaign_shows_why(data_dir: Path) -> None:
    page = opened(data_dir, who="Champions")
    page.multiselect(key="campaign_rules").set_value(["recency"]).run()
    page.number_input(key="campaign_recency_at least").set_value(500.0)
    page = checked(page)
    assert "fewer than 11 customers" in page.error[0].value


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        ("worked", "success"),
        ("harmed", "error"),
        ("too few to tell", "warning"),
        ("no effect found", "info"),
        ("too early", "info"),
    ],
)
def test_result_is_in_words_and_money(data_dir: Path, verdict: str, kind: str) -> None:
    page = shown(data_dir, verdict=verdict, headline="It was INR 12 more.")
    assert "It was INR 12 more." in [one.value.strip("*") for one in getattr(page, kind)]
    assert any("What to do next:" in one.value for one in page.markdown)
    assert "INR 10,300" in [one.value for one in page.metric]
    assert "Effects (CSV)" in labels(page)
    headings = [one.value for one in page.subheader]
    assert {"Effect over time", "By segment", "Were both groups alike before?"} <= set(headings)


def test_result_without_effect_is_drawn(data_dir: Path) -> None:
    page = shown(data_dir, effect=None, effects=(), over_time=(), arms=(), segments=(), balance=())
    assert any("no day to show" in one.value for one in page.caption)


def test_link_chooses_a_campaign(data_dir: Path) -> None:
    page, made = make(data_dir)
    page = opened(data_dir, "campaigns", campaign=made.id)
    assert page.selectbox(key="campaign").value == made.id
    assert opened(data_dir, "campaigns", campaign="elsewhere").selectbox(key="campaign").value


def test_campaign_is_ended_with_a_reason(data_dir: Path) -> None:
    page, _ = make(data_dir)
    page.text_input(key="campaign_end_why").set_value("sold out")
    page.button(key="campaign_end_now").click().run()
    (ended,) = all_campaigns(data_dir)
    assert (str(ended.ends_on), ended.why_ended) == ("2016-10-22", "sold out")
    assert "is measured until 22 October 2016" in page.success[0].value


def test_campaign_is_removed_only_if_it_is_confirmed(data_dir: Path) -> None:
    page, _ = make(data_dir)
    page.button(key="campaign_remove").click().run()
    assert "Confirm first" in page.warning[0].value
    assert len(all_campaigns(data_dir)) == 1
    page.checkbox(key="campaign_remove_sure").check()
    page.button(key="campaign_remove").click().run()
    assert all_campaigns(data_dir) == []
    assert any("There is no campaign yet" in one.value for one in page.info)


def test_damaged_results_are_reported(data_dir: Path) -> None:
    page, _ = make(data_dir)
    write_document(data_dir, CAMPAIGN_RESULTS, {"campaigns": 3})
    page.run()
    assert "campaigns is 3" in page.error[0].value.replace("\\", "")


def test_page_without_campaigns_links_to_lists(data_dir: Path) -> None:
    publish(data_dir, tables())
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    page.switch_page("views/campaigns.py").run()
    assert "There is no campaign yet" in page.info[0].value
    assert page.get("page_link")[0].proto.label.startswith("Win-back list")
