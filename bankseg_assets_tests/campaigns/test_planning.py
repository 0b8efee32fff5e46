"""What a campaign could detect, before it is made."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bankseg_assets.campaigns.campaign import SPEND, TRANSACTIONS
from bankseg_assets.campaigns.campaign_store import create_campaign
from bankseg_assets.campaigns.drawing import draw
from bankseg_assets.campaigns.history import Spread, history
from bankseg_assets.campaigns.planning import CampaignPlan, plan_campaign, plan_of
from bankseg_assets.campaigns.stored_campaigns import CAMPAIGNS_FOLDER
from bankseg_assets_tests.campaigns.campaign_bank import CUSTOMERS, SNAPSHOT, bank, request


def by_measure(found: CampaignPlan, measure: str) -> object:
    return next(one for one in found.detectable if one.measure == measure)


def test_plan_changes_nothing(tmp_path: Path) -> None:
    plan_campaign(*bank(tmp_path), request())
    assert not (tmp_path / CAMPAIGNS_FOLDER).exists()


def test_plan_says_what_is_detected_in_money(tmp_path: Path) -> None:
    found = plan_campaign(*bank(tmp_path), request())
    spend = next(one for one in found.detectable if one.measure == SPEND)
    assert (found.customers, found.history_days, found.stretches) == (CUSTOMERS, 30, 2)
    assert 200 < spend.usual < 500  # nine transactions of 110 in ninety days
    assert 0.3 < spend.correlation < 0.9
    assert spend.effect < spend.effect_welch
    assert spend.total == pytest.approx(spend.effect * found.treated)
    powers = [one.power for one in spend.power]
    assert powers == sorted(powers)
    assert "usually spends INR" in found.sentences[0]
    assert "in all), with a probability of 80%" in found.sentences[0]


def test_weak_campaign_says_how_many_it_takes(tmp_path: Path) -> None:
    found = plan_campaign(*bank(tmp_path), request(share=0.1))
    spend = next(one for one in found.detectable if one.measure == SPEND)
    assert spend.needed is not None and spend.needed > CUSTOMERS
    assert any(f"It takes about {spend.needed:,}" in one for one in found.warnings)


def test_longer_campaign_detects_a_smaller_share(tmp_path: Path) -> None:
    given = bank(tmp_path)
    month = plan_campaign(*given, request())
    quarter = plan_campaign(*given, request(ends_on=SNAPSHOT + timedelta(days=89)))
    shares = [
        next(one.relative for one in plan.detectable if one.measure == TRANSACTIONS)
        for plan in (month, quarter)
    ]
    assert shares[0] is not None and shares[1] is not None
    assert shares[1] < shares[0]
    assert any("was calculated from 45 days" in one for one in quarter.warnings)


def test_no_control_group_is_warned_of(tmp_path: Path) -> None:
    found = plan_campaign(*bank(tmp_path), request(share=0))
    assert (found.held_out, found.detectable, found.sentences) == (0, (), ())
    assert found.warnings[0].startswith("No customer is held out, so that nothing can be proved")


def test_small_campaign_is_warned_of(tmp_path: Path) -> None:
    found = plan_campaign(*bank(tmp_path), request(top=20))
    assert found.customers == 20
    assert any("too few to tell an effect from chance" in one for one in found.warnings)


def test_unknown_history_is_warned_of(tmp_path: Path) -> None:
    found = plan_campaign(*bank(tmp_path, with_transactions=False), request())
    assert found.detectable == ()
    assert any(
        one.startswith("What the campaign can detect is not known") for one in found.warnings
    )


def test_overlap_with_a_running_campaign_is_counted(tmp_path: Path) -> None:
    release, bundle = bank(tmp_path)
    first = create_campaign(release, bundle, request(name="First", groups=("At risk",)))
    found = plan_campaign(release, bundle, request())
    (overlap,) = found.overlaps
    assert (overlap.campaign_id, overlap.customers) == ("first", first.customers)
    assert overlap.treated == first.treated
    later = {"starts_on": SNAPSHOT + timedelta(days=30), "ends_on": SNAPSHOT + timedelta(days=40)}
    assert plan_campaign(release, bundle, request(**later)).overlaps == ()


def test_few_big_spenders_are_warned_of(tmp_path: Path) -> None:
    asked = request()
    given = bank(tmp_path)
    assert not any("most of the total" in one for one in plan_campaign(*given, asked).warnings)
    release, bundle = given
    drawn = draw(release, bundle, asked, [])
    past = history(release, SNAPSHOT, asked, drawn.customers)
    assert past is not None
    skewed = replace(past, spreads=past.spreads | {SPEND: Spread(300, 900, 0.1, skewness=20)})
    warned = plan_of(release, bundle, asked, drawn, skewed).warnings
    assert any("unless both arms have about 20,000 customers" in one for one in warned)


def test_start_before_the_newest_data_is_warned_of(tmp_path: Path) -> None:
    early = request(starts_on=SNAPSHOT - timedelta(days=10))
    found = plan_campaign(*bank(tmp_path), early)
    assert any("must not have been contacted" in one for one in found.warnings)
    assert found.history_days == 40
