"""The watch list: who is on it, why, and in which order."""

import numpy as np

from bankseg_assets.attrition.rankings import MODEL, RECENCY, RULES
from bankseg_assets.attrition.rhythm import Rhythms
from bankseg_assets.attrition.watch import MOST_LISTED, Watched, watch_list
from bankseg_assets.contracts.tables import WATCH_LIST
from bankseg_assets_tests.attrition.test_rhythm import RECENT, customers


def watched(some: Rhythms, p_alive: float = np.nan) -> Watched:
    count = len(some.age)
    return Watched([f"C{place}" for place in range(count)], some, np.full(count, p_alive))


SOME = customers(
    recency=[10.0, 28.0, 28.0, 10.0],
    spend=[9_000.0, 1_000.0, 5_000.0, 1_000.0],
    recent_spend=[2_700.0, 0.0, 0.0, 300.0],
    balance=[500.0, 500.0, 500.0, 20.0],
)


def test_list_has_unusual_customers_by_money_at_risk() -> None:
    found = watch_list(watched(SOME), by=RULES, span=100, recent=RECENT)
    assert found.columns.tolist() == WATCH_LIST.names
    assert found["customer_id"].tolist() == ["C2", "C1", "C3"]
    assert found["rank"].tolist() == [1, 2, 3]
    assert found["reason"][0] == (
        "Silent for 28 days, usually 8 days; spending in the last 30 days at 0% of the usual"
    )
    assert found["reason"][2] == "Balance at 4% of the usual one"
    assert found["next_step"][0].startswith("Call")
    assert found["usual_spend_90"][0] == 4_500


def test_model_gives_the_risk_where_known() -> None:
    found = watch_list(watched(SOME, 0.1), by=MODEL, span=100, recent=RECENT)
    assert len(found) == 4
    assert np.allclose(found["risk"], 0.9)


def test_without_a_ranking_recency_and_value_decide() -> None:
    some = customers(
        active_days=[1.0, 1.0, 1.0], recency=[10.0, 80.0, 80.0], spend=[500.0, 500.0, -500.0]
    )
    found = watch_list(watched(some), by=RECENCY, span=100, recent=RECENT)
    assert found["customer_id"].tolist() == ["C1", "C0"]
    assert found["reason"][0] == "Last transaction 80 days ago"
    assert found["usual_gap"].isna().all()


def test_customers_who_left_long_ago_are_not_listed() -> None:
    some = customers(recency=[28.0, 60.0])
    found = watch_list(watched(some), by=RULES, span=100, recent=RECENT)
    assert found["customer_id"].tolist() == ["C0"]


def test_list_is_limited_and_may_be_empty() -> None:
    many = customers(recency=[28.0] * (MOST_LISTED + 5))
    assert len(watch_list(watched(many), by=RULES, span=100, recent=RECENT)) == MOST_LISTED
    none = watch_list(watched(customers()), by=RULES, span=100, recent=RECENT)
    assert none.empty
    assert none.columns.tolist() == WATCH_LIST.names
