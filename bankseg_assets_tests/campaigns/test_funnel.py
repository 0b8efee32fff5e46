"""Steps from the audience of a campaign to its active customers."""

import pytest

from bankseg_assets.campaigns.funnel import funnel
from bankseg_assets.campaigns.result_rows import ResultRows
from bankseg_assets_tests.campaigns.made import arm, campaign, result


def test_funnel_counts_from_audience_to_active() -> None:
    found = {one.name: one.customers for one in funnel(campaign(), result())}
    assert found == {
        "Audience": 1000,
        "Left out by objection": 30,
        "Left out by the contact limit": 20,
        "Held out": 95,
        "Contacted": 855,
        "Active since the start": 428,
    }


def test_funnel_without_result_ends_with_the_contacted() -> None:
    names = [one.name for one in funnel(campaign(left_out_by_contact=0), None)]
    assert names == ["Audience", "Left out by objection", "Held out", "Contacted"]


def test_few_who_are_left_out_are_hidden_and_not_computable() -> None:
    steps = funnel(campaign(left_out_by_objection=4, left_out_by_contact=0), None)
    found = {one.name: one.customers for one in steps}
    assert found["Left out by objection"] is None
    assert found["Audience"] == 950  # 954 would reveal the four


@pytest.mark.parametrize("active", [0.005, 0.995])
def test_few_active_or_inactive_customers_are_hidden(active: float) -> None:
    arms = (arm("treated", 855, 1.0, active), arm("held out", 95, 1.0, 0.5))
    assert funnel(campaign(), result(arms=arms))[-1].customers is None
    assert ResultRows(campaign(), result(arms=arms)).funnel()[-1]["Customers"] == "hidden"
