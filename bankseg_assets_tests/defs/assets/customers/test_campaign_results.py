"""campaign_results of the demo batch: a campaign is measured, and never stops a release."""

from datetime import date, timedelta

import pytest

from bankseg_assets.campaigns.campaign import Campaign, CampaignRequest
from bankseg_assets.campaigns.campaign_store import create_campaign, members_of
from bankseg_assets.campaigns.results import newest_results
from bankseg_assets.campaigns.stored_campaigns import member_files
from bankseg_assets.campaigns.transaction_sums import sums_between
from bankseg_assets.release.releases import Release, current_release
from bankseg_assets.scoring.bundle import load_bundle
from bankseg_assets_tests.running import Platform, run_platform

pytestmark = pytest.mark.slow
DAYS = 20


def released(bank: Platform) -> Release:
    found = current_release(bank.settings.published_dir)
    assert found is not None
    return found


def made(bank: Platform) -> Campaign:
    """Make a campaign of days that the data already have."""
    release = released(bank)
    bundle = load_bundle(release.path("nb_classifier"))
    first = date.fromisoformat(bundle.snapshot_date) - timedelta(days=DAYS + 5)
    request = CampaignRequest(
        name="Early", share=0.5, starts_on=first, ends_on=first + timedelta(days=DAYS - 1)
    )
    return create_campaign(release, bundle, request)


def test_no_campaigns_give_an_empty_result(batch: Platform) -> None:
    assert newest_results(batch.settings.published_dir).campaigns == ()
    assert batch.run.metadata["campaign_results"]["campaigns"] == 0


def test_no_release_has_the_results(batch: Platform) -> None:
    assert "campaign_results" not in released(batch).versions


def test_sums_are_those_of_the_transactions(after_batch: Platform) -> None:
    """Spark and Arrow agree on what the customers did."""
    campaign = made(after_batch)
    run = run_platform(after_batch.resources, assets=["campaign_results"])
    assert run.success
    (found,) = newest_results(after_batch.settings.published_dir).campaigns
    assert (found.measured_through, found.days) == (campaign.ends_on, DAYS)
    members = members_of(after_batch.settings.data_dir, campaign)
    days = [campaign.starts_on, campaign.ends_on + timedelta(days=1)]
    sums = sums_between(released(after_batch), members["customer_id"].tolist(), days)
    assert sums is not None
    for arm, rows in zip(found.arms, (~members["held_out"], members["held_out"]), strict=True):
        assert arm.customers == rows.sum()
        assert arm.spend_total == pytest.approx(sums.spend[rows, 0].sum(), abs=0.01)
        assert arm.transactions == pytest.approx(sums.transactions[rows, 0].mean(), abs=1e-6)
    assert run.metadata["campaign_results"]["campaigns"] == 1


def test_failure_keeps_the_results_and_the_run(after_batch: Platform) -> None:
    made(after_batch)
    run_platform(after_batch.resources, assets=["campaign_results"])
    before = newest_results(after_batch.settings.published_dir)
    member_files(after_batch.settings.data_dir)[0].write_bytes(b"damaged")
    run = run_platform(after_batch.resources, assets=["campaign_results"])
    assert run.success
    (found,) = newest_results(after_batch.settings.published_dir).campaigns
    assert found.effects == before.campaigns[0].effects
    assert "cannot be read" in found.frozen
