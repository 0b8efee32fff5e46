"""Tests of the headline of Overview, its figures, and the things to do."""

from decimal import Decimal

import pandas as pd

from app.panels.facts import Facts, facts_of
from app.panels.headline import headline, tasks
from app.widgets.numbers import Numbers
from bankseg_assets.campaigns.audiences import GROUP, SEGMENT, Audience, Total
from bankseg_assets.presentation.formatting import LAKH
from bankseg_assets.scoring.bundle import bundle_from
from bankseg_assets_tests.app.publishing import model

SEGMENTS = bundle_from(model()).segments
RUPEES = Numbers("INR", LAKH)
AT_RISK = Total(Audience(GROUP, "At risk", "Win them back"), 72_895, Decimal(470_000_000))
LOST = Total(Audience(GROUP, "Lost", "Leave them out"), 900, Decimal(9_000))
HIDDEN = Total(Audience(GROUP, "Champions", "Thank them"), None, None)
RICHEST = Total(Audience(SEGMENT, "Big spenders", "Offer advice", 2), 200, Decimal(500_000))


def test_headline_has_the_richest_segment_and_the_money_at_risk() -> None:
    assert headline(SEGMENTS, [HIDDEN, AT_RISK], RUPEES, money="money") == (
        "20% of the customers bring 50% of the money; INR 47 crore of 72,895 customers at risk."
    )
    assert headline(SEGMENTS, [], RUPEES, money="spending") == (
        "20% of the customers bring 50% of the spending."
    )


def test_headline_is_empty_without_shares_and_risk() -> None:
    refunds = [one.model_copy(update={"share_of_money": -0.5}) for one in SEGMENTS]
    assert headline(refunds, [LOST], RUPEES, money="money") == ""
    assert headline(SEGMENTS[:1], [LOST], RUPEES, money="money") == ""


def test_tasks_begin_with_the_customers_at_risk() -> None:
    found = tasks(SEGMENTS, [HIDDEN, LOST, AT_RISK, RICHEST], RUPEES, "**Ask**")
    assert [one.text for one in found] == [
        "**Win them back**: At risk, 72,895 customers, INR 47 crore",
        "**Offer advice**: Big spenders, 200 customers, INR 5 lakh",
        "**Ask**",
    ]
    assert found[0].query == {"who": "At risk"}


def test_tasks_are_filled_up_with_groups_that_are_not_hidden() -> None:
    found = tasks(SEGMENTS, [HIDDEN, LOST, AT_RISK, RICHEST], RUPEES)
    assert [one.query["who"] for one in found] == ["At risk", "Big spenders", "Lost"]
    assert tasks(SEGMENTS, [], RUPEES) == []


def test_facts_of_few_customers_are_hidden() -> None:
    report = {"overview": [{"customers": 10, "amount_total": 100.0, "repeat_customers": 3}]}
    found = facts_of(None, report, pd.DataFrame(), direction_known=False)
    assert found == Facts(10)


def test_facts_of_a_report() -> None:
    report = {"overview": [{"customers": 20, "amount_total": 100.0, "repeat_customers": 5}]}
    found = facts_of(None, report, pd.DataFrame(), direction_known=False)
    assert found == Facts(20, 100.0, None, 0.25)
    assert found.average == 5
