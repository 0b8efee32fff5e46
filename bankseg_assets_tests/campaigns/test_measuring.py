"""The result of a campaign: verdicts, figures, segments, and what is not shown."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bankseg_assets.campaigns.campaign import SPEND, Campaign
from bankseg_assets.campaigns.effects import Outcomes, outcomes_from
from bankseg_assets.campaigns.measuring import measured, measured_days, unmeasured
from bankseg_assets.campaigns.results import (
    CUPED,
    HARMED,
    NO_EFFECT,
    TOO_EARLY,
    TOO_FEW,
    WELCH,
    WORKED,
    CampaignResult,
)
from bankseg_assets_tests.campaigns.campaign_bank import SNAPSHOT
from bankseg_assets_tests.campaigns.test_looks import campaign

LAST = SNAPSHOT + timedelta(days=29)


def outcomes(
    of: Campaign,
    *,
    effect: float = 0.0,
    customers: int = 4_000,
    share: float = 0.5,
    through: date = LAST,
    with_before: bool = True,
    seed: int = 1,
) -> Outcomes:
    """Return customers who spend about 300 in thirty days; `effect`: relative, of the treated."""
    rng = np.random.default_rng(seed)
    usual = rng.gamma(4, 2.5, customers)
    held_out = rng.random(customers) < share
    days = measured_days(of, through)
    spend = np.zeros((customers, len(days)))
    counts = np.zeros_like(spend)
    total, count, until = np.zeros(customers), np.zeros(customers), of.starts_on
    lift = np.where(held_out, 1.0, 1 + effect)
    for place, day in enumerate(days):
        part = ((day - until).days + 1) / 30
        total = total + lift * rng.gamma(usual * part + 1e-9, 30)
        count = count + rng.poisson(usual * part * lift)
        spend[:, place], counts[:, place] = total, count
        until = day + timedelta(days=1)
    before = (rng.gamma(usual, 30), rng.poisson(usual).astype(float)) if with_before else None
    segment = pd.Series(np.where(np.arange(customers) % 4 == 0, "Big", "Small"))
    return Outcomes(held_out, segment, before, days, spend, counts)


def result(of: Campaign | None = None, **given: Any) -> CampaignResult:
    of = of or campaign(30)
    return measured(of, outcomes(of, **given))


def test_clear_effect_worked() -> None:
    found = result(effect=0.1)
    assert found.verdict == WORKED
    assert found.effect is not None and found.effect.low < 30 < found.effect.high
    assert found.effect.method == CUPED and found.effect.narrowing > 0.1
    assert found.headline.startswith("The campaign worked: a contacted customer spent INR ")
    assert "contact the customers who were held out" in found.next_step


def test_harm_is_called_harm() -> None:
    found = result(effect=-0.1)
    assert found.verdict == HARMED
    assert "less than one held out" in found.headline


def test_precise_zero_is_no_effect() -> None:
    found = result()
    assert found.verdict == NO_EFFECT
    assert "one of 10.0% would probably have been" in found.headline


def test_imprecise_zero_is_too_few() -> None:
    found = result(customers=80, seed=4)
    assert found.verdict == TOO_FEW
    assert found.effect is not None and found.effect.low < 0 < found.effect.high


def test_window_that_is_not_over_is_too_early() -> None:
    found = result(through=SNAPSHOT + timedelta(days=11))
    assert found.verdict == TOO_EARLY
    assert (found.days, found.days_planned) == (12, 30)
    assert [one.is_planned for one in found.over_time] == [True, True, True, False]
    assert all(one.verdict is None for one in found.segments)


def test_clear_effect_decides_before_the_end() -> None:
    found = result(effect=0.4, through=SNAPSHOT + timedelta(days=11))
    assert found.verdict == WORKED
    assert found.decided_on is not None and found.decided_on < LAST
    assert found.sentences[0].startswith("This was clear on")


def test_decision_intervals_are_wider() -> None:
    for look in result(effect=0.05).over_time:
        assert look.decision_low < look.effect.low < look.effect.high < look.decision_high


def test_no_transactions_after_the_start_is_too_early() -> None:
    of = campaign(30)
    assert measured_days(of, SNAPSHOT - timedelta(days=1)) == measured_days(of, None) == ()
    found = unmeasured(of)
    assert found.verdict == TOO_EARLY
    assert found.sentences == ("No transactions from 22 October 2016 on have been delivered yet.",)


@pytest.mark.parametrize(
    ("share", "sentence"),
    [(0.0, "No customer was held out"), (1.0, "No customer was contacted")],
)
def test_one_arm_proves_nothing(share: float, sentence: str) -> None:
    found = result(share=share)
    assert (found.verdict, found.arms, found.effects) == (TOO_FEW, (), ())
    assert found.sentences[0].startswith(sentence)
    assert found.next_step.startswith("Hold out 10%")


def test_arm_below_eleven_is_not_shown() -> None:
    found = result(customers=20, seed=3, share=0.3)
    assert (found.verdict, found.arms, found.over_time) == (TOO_FEW, (), ())
    assert found.sentences[0].startswith("An arm has fewer than 11 customers")


def few_active(until: date, *, active: int) -> CampaignResult:
    """Return the result of an arm in which some customers had a transaction."""
    of = campaign(30)
    given = outcomes(of, through=until)
    idle = np.flatnonzero(given.held_out)[active:]
    given.spend[idle], given.transactions[idle] = 0.0, 0.0
    return measured(of, given)


def test_ten_active_customers_are_not_shown() -> None:
    found = few_active(LAST, active=10)
    assert (found.verdict, found.arms, found.over_time) == (TOO_FEW, (), ())
    assert found.sentences[0].startswith("Fewer than 11 customers of an arm had a transaction")
    assert few_active(SNAPSHOT + timedelta(days=9), active=3).verdict == TOO_EARLY
    assert few_active(LAST, active=11).arms


def test_ten_active_customers_before_are_not_shown() -> None:
    of = campaign(30)
    given = outcomes(of)
    assert given.before is not None
    idle = np.flatnonzero(given.held_out)[10:]
    given.before[0][idle], given.before[1][idle] = 0.0, 0.0
    found = measured(of, given)
    assert found.balance == ()
    assert {one.spend_before for one in found.arms} == {None}


def test_arm_below_thirty_decides_nothing() -> None:
    found = result(customers=40, effect=2.0)
    assert found.verdict == TOO_FEW
    assert len(found.arms) == 2
    assert found.decided_on is None


def test_erased_customers_are_counted() -> None:
    of = campaign(30).model_copy(update={"customers": 4_050})
    found = measured(of, outcomes(of))
    assert found.gone == 50
    assert "50 customers were erased since" in found.notes[0]
    of = of.model_copy(update={"customers": 4_003})
    assert measured(of, outcomes(of)).gone == 0


def test_all_customers_erased_is_said() -> None:
    of = campaign(30)
    found = measured(of, outcomes(of).of(np.zeros(4_000, np.bool_)))
    assert found.sentences == ("All customers of the campaign were erased since.",)


def test_without_history_it_is_welch() -> None:
    found = result(effect=0.2, with_before=False)
    assert {one.method for one in found.effects} == {WELCH}
    assert found.balance == ()
    assert any("without it (Welch)" in one for one in found.notes)


def test_imbalance_before_the_start_is_noted() -> None:
    of = campaign(30)
    given = outcomes(of)
    assert given.before is not None
    given.before[0][~given.held_out] += 40
    found = measured(of, given)
    assert [one.is_balanced for one in found.balance] == [False, True, True]
    assert any("the arms differed" in one and "in spend." in one for one in found.notes)


def test_segments_are_corrected_together() -> None:
    of = campaign(30)
    given = outcomes(of)
    big = (given.segment == "Big").to_numpy()
    given.spend[big & ~given.held_out] *= 1.25
    found = {one.segment: one for one in measured(of, given).segments}
    assert (found["Big"].verdict, found["Small"].verdict) == (WORKED, NO_EFFECT)
    for one in found.values():
        assert one.effect is not None and one.adjusted_p is not None
        assert one.adjusted_p >= one.effect.p_value


def test_small_segment_is_hidden_with_another() -> None:
    of = campaign(30)
    given = outcomes(of)
    names = given.segment.to_numpy(dtype=object, copy=True)
    names[:6] = "Tiny"
    found = measured(
        of,
        Outcomes(
            given.held_out,
            pd.Series(names),
            given.before,
            given.days,
            given.spend,
            given.transactions,
        ),
    )
    hidden = [one.segment for one in found.segments if one.treated is None]
    assert "Tiny" in hidden and len(hidden) == 2
    assert all(one.effect is None for one in found.segments if one.segment in hidden)


def test_few_big_spenders_decide_nothing() -> None:
    """One in 400 spends two hundred times what others do; all are contacted by chance."""
    of = campaign(30)
    given = outcomes(of, share=0.1)
    big = np.flatnonzero(~given.held_out)[::400]
    given.spend[big] *= 200
    found = measured(of, given)
    assert found.effect is not None and found.effect.low > 0
    assert found.verdict == TOO_FEW
    assert any(one.startswith("A few customers have most of the total") for one in found.notes)


def test_negative_money_has_no_share() -> None:
    """Refunds alone: the mean is below 0, of which no share is a share."""
    of = campaign(30)
    given = outcomes(of)
    given.spend[:] = -given.spend
    found = measured(of, given)
    assert found.effect is not None and found.effect.relative is None
    assert found.verdict == TOO_FEW


def test_customers_without_transactions_count_as_zero() -> None:
    of = campaign(30)
    given = outcomes(of)
    given.spend[:], given.transactions[:] = 0.0, 0.0
    found = measured(of, given)
    assert [(one.spend, one.active_share) for one in found.arms] == [(0.0, 0.0)] * 2
    assert found.effect is not None and found.effect.p_value == 1
    assert found.verdict == TOO_FEW


@pytest.mark.parametrize(("currency", "places"), [("JPY", 0), ("INR", 2), ("KWD", 3), ("CLF", 4)])
def test_money_has_the_currency_s_decimals(currency: str, places: int) -> None:
    of = campaign(30).model_copy(update={"currency": currency})
    found = measured(of, outcomes(of, effect=0.1))
    assert found.effect is not None
    assert round(found.effect.total, places) == found.effect.total
    assert currency in found.headline


def test_other_measures_decide_if_asked() -> None:
    of = campaign(30, measure="transactions")
    found = measured(of, outcomes(of, effect=0.1))
    assert found.verdict == WORKED
    assert found.effect is not None and found.effect.measure == "transactions"
    assert "transactions" in found.headline
    of = campaign(30, measure="active")
    found = measured(of, outcomes(of))
    assert found.effect is not None and found.effect.measure == "active"


def test_outcomes_are_sums_until_each_day() -> None:
    members = pd.DataFrame(
        {
            "customer_id": ["A", "B", "C"],
            "held_out": [True, False, False],
            "segment": ["x", "x", "y"],
            "spend_before": [1.0, None, 2.0],
            "transactions_before": [1.0, None, 2.0],
        }
    )
    days = (SNAPSHOT + timedelta(days=4), SNAPSHOT + timedelta(days=9))
    # Another campaign starts before, and another ends in between.
    edges = [SNAPSHOT + timedelta(days=day) for day in (-3, 0, 2, 5, 10, 12)]
    sums = pd.DataFrame(
        [
            *(("A", 0, 99.0, 9), ("A", 1, 1.0, 1), ("A", 2, 2.0, 1), ("A", 3, 4.0, 2)),
            *(("A", 4, 99.0, 9), ("B", 3, -5.0, 1), ("Z", 2, 7.0, 1)),
        ],
        columns=["customer_id", "stretch", "spend", "transactions"],
    )
    found = outcomes_from(members, sums, edges, days, SNAPSHOT)
    assert found.spend.tolist() == [[3, 7], [0, -5], [0, 0]]
    assert found.transactions.tolist() == [[2, 4], [0, 1], [0, 0]]
    assert found.before is None  # unknown for one
    assert found.values(SPEND, 1).tolist() == [7, -5, 0]
