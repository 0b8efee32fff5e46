"""Tables and charts of campaigns."""

from datetime import date

import pytest

from app.panels.campaign_charts import effect_chart, funnel_chart
from app.panels.campaign_list import NO_RESULT, campaigns_table
from app.panels.campaign_plan import counts, detectable_table, overlap_table
from app.widgets.numbers import Numbers
from bankseg_assets.campaigns.funnel import funnel
from bankseg_assets.campaigns.planning import CampaignPlan, Detectable, Overlap, Power
from bankseg_assets_tests.campaigns.made import ENDS, campaign, effect, look, result

INR = Numbers("INR", "plain")


@pytest.mark.parametrize(
    ("on", "state"),
    [
        (date(2016, 10, 1), "Planned from 22 October 2016"),
        (date(2016, 10, 22), "Running to 20 November 2016"),
        (date(2016, 11, 21), "Ended on 20 November 2016"),
    ],
)
def test_list_of_campaigns_has_state_and_result(on: date, state: str) -> None:
    one = campaign()
    (row,) = campaigns_table([one], {one.id: result()}, on, INR).to_dict("records")
    assert (row["State"], row["Verdict"]) == (state, "Worked")
    assert row["Brought"] == "INR 10,300"


def test_list_shows_no_money_that_chance_may_give() -> None:
    one, found = campaign(), result(verdict="too few to tell")
    (row,) = campaigns_table([one], {one.id: found}, ENDS, INR).to_dict("records")
    assert row["Brought"] == "—"


def test_campaign_without_result_says_when_it_comes() -> None:
    (row,) = campaigns_table([campaign()], {}, ENDS, INR).to_dict("records")
    assert (row["Verdict"], row["Brought"], row["Result"]) == ("—", "—", NO_RESULT)


def test_funnel_chart_names_what_is_hidden() -> None:
    found = funnel_chart(funnel(campaign(left_out_by_objection=4), None), INR).data[0]
    assert list(found.text)[:2] == ["970", "hidden"]
    assert list(found.x)[1] == 0


def test_effect_chart_has_both_intervals_and_zero() -> None:
    looks = [
        look(date(2016, 11, 5), effect(10.0, 20.0), is_planned=False),
        look(ENDS, effect(12.0, 8.0)),
    ]
    figure = effect_chart(looks, "spend", INR)
    deciding, daily = figure.data
    assert list(daily.x) == ["5 November", "20 November"]
    assert list(deciding.x) == ["20 November"]
    assert list(daily.error_y.array) == [20, 8]
    assert list(deciding.error_y.arrayminus) == [12]
    low, high = figure.layout.yaxis.range
    assert low <= -10
    assert high >= 30
    assert "INR 0" in figure.layout.yaxis.ticktext


def test_plan_tables_are_in_words_and_money() -> None:
    one = Detectable(
        **{"measure": "spend", "usual": 120.0, "sd": 80.0, "correlation": 0.5},
        **{"effect": 14.4, "effect_welch": 18.0, "relative": 0.12, "total": 12_312.0},
        power=(Power(relative=0.1, power=0.62),),
    )
    (row,) = detectable_table([one], INR).to_dict("records")
    assert row == {
        "Measure": "Spending",
        "Usual": "INR 120",
        "Smallest effect": "INR 14.40",
        "Relative": "12.0%",
        "In all": "INR 12,300",
        "Finds 10%": "62.0%",
    }
    (other,) = overlap_table(
        [Overlap(campaign_id="x", name="Autumn", customers=50, treated=None)], INR
    ).to_dict("records")
    assert other == {"Campaign": "Autumn", "Customers of both": "50", "Contacted by it": "hidden"}


def test_plan_counts_those_left_out_if_any() -> None:
    plan = CampaignPlan(
        **{"request": campaign().request, "name": "Spring", "audience": "At risk"},
        **{"release": "r1", "snapshot_date": "2016-10-22", "currency": "INR"},
        **{"customers": 950, "treated": 855, "held_out": 95, "left_out_by_contact": 20},
    )
    assert counts(plan) == {
        "To contact": 855,
        "Held out": 95,
        "Left out by the contact limit": 20,
    }
