"""What is unusual for a customer."""

import numpy as np
import pytest

from bankseg_assets.attrition.rhythm import (
    LOWER_BALANCE,
    SILENT,
    SPENDS_LESS,
    Rhythms,
    reasons,
    recent_days,
    risk,
    silence,
    spending_left,
    usual_gap,
)

RECENT = 30


def customers(**changes: list[float]) -> Rhythms:
    """Return customers with 11 days of transactions in 100 days, the last 10 days ago."""
    usual = {"active_days": 10, "recency": 10, "age": 100, "spend": 1_000, "recent_spend": 300}
    usual |= {"balance": 500, "usual_balance": 500}
    count = max((len(values) for values in changes.values()), default=1)
    columns = {name: np.full(count, float(value)) for name, value in usual.items()}
    return Rhythms(**(columns | {name: np.array(values) for name, values in changes.items()}))


def test_silence_is_compared_with_the_own_gap() -> None:
    some = customers(recency=[10.0, 50.0], active_days=[10.0, 2.0])
    assert usual_gap(some)[0] == 10
    assert np.isnan(usual_gap(some)[1])
    assert silence(some).tolist() == [1, 0]
    assert reasons(customers(recency=[25.0, 60.0]), RECENT)[SILENT].tolist() == [True, True]


def test_daily_customers_are_not_silent_after_a_weekend() -> None:
    some = customers(active_days=[97.0, 91.0], recency=[4.0, 10.0])
    assert reasons(some, RECENT)[SILENT].tolist() == [False, True]


def test_fallen_spending_and_balance_are_reasons() -> None:
    some = customers(recent_spend=[300.0, 100.0, 300.0], balance=[500.0, 500.0, 240.0])
    found = reasons(some, RECENT)
    assert found[SPENDS_LESS].tolist() == [False, True, False]
    assert found[LOWER_BALANCE].tolist() == [False, False, True]
    assert risk(some, RECENT)[0] < risk(some, RECENT)[1]


def test_unknown_and_negative_money_are_no_reasons() -> None:
    some = customers(
        spend=[-100.0, 0.0, 1_000.0],
        recent_spend=[-50.0, 0.0, 900.0],
        balance=[np.nan, -10.0, 10.0],
        usual_balance=[np.nan, -20.0, 0.0],
    )
    found = reasons(some, RECENT)
    assert not found[SPENDS_LESS].any()
    assert not found[LOWER_BALANCE].any()
    assert np.isfinite(risk(some, RECENT)).all()


def test_spending_needs_as_long_a_time_before() -> None:
    assert np.isnan(spending_left(customers(age=[50.0]), RECENT)).all()


@pytest.mark.parametrize(("span", "days"), [(1, 1), (82, 27), (300, 90), (3_000, 90)])
def test_recent_part_is_a_third_at_most_90_days(span: int, days: int) -> None:
    assert recent_days(span) == days
