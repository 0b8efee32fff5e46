"""Actions follow from a segment's numbers and are sensible for any profile."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankseg_assets.profiling.actions import (
    FALLBACK,
    INVITE_SALARY,
    OVERDRAWN,
    REFUNDED,
    RULES,
    TOO_FEW,
    recommended_actions,
)
from bankseg_assets.segmentation.segment_words import QUIET_DAYS, RECENT_DAYS

MEASURES = ("recency", "frequency", "monetary", "average_amount", "average_balance")


def segment(number: int = 0, **changes: Any) -> dict[str, Any]:
    """Return the profile of a typical segment; `changes` replace values in it."""
    return (
        {
            "segment": number,
            "segment_name": f"Segment {number}",
            "sentence": "They are customers.",
            "customers": 1000,
            "share_of_customers": 0.25,
            "total_monetary": 1_000_000.0,
            "share_of_money": 0.25,
            "median_recency": 50.0,
            "median_frequency": 1.0,
            "median_average_amount": 500.0,
            "median_average_balance": 20_000.0,
        }
        | {f"index_{measure}": 100.0 for measure in MEASURES}
        | changes
    )


def actions(*profiles: dict[str, Any]) -> list[str]:
    return [row["action"] for row in recommended_actions(profiles, "INR", "lakh")]


TYPICAL = segment(9, customers=1_000_000)


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({}, FALLBACK.action),
        ({"median_average_balance": 200_000.0}, "Offer a monthly investment plan"),
        (
            {"median_average_balance": 200_000.0, "median_average_amount": 5_000.0},
            "Offer investment advice",
        ),
        (
            {"median_average_balance": 200_000.0, "median_average_amount": 50.0},
            "Offer a term deposit",
        ),
        ({"median_average_balance": 200_000.0, "index_frequency": 60.0}, "Offer a term deposit"),
        ({"index_recency": 160.0}, "Remind them with a small reward"),
        ({"index_recency": 160.0, "median_average_amount": 5_000.0}, "Call to win them back"),
        ({"index_frequency": 180.0}, "Offer a card with cashback"),
        ({"median_average_amount": 5_000.0}, "Offer a credit card, after a credit check"),
        (
            {"median_average_amount": 50.0, "median_average_balance": 900.0},
            "Offer a small recurring deposit",
        ),
        (
            {"index_recency": 70.0, "index_frequency": 70.0, "median_recency": 31.0},
            "Welcome them and show the app",
        ),
        ({"index_recency": 70.0, "median_recency": 12.0}, "Ask how the last visit went"),
        # More recent than others but still long ago; less recent than others but yesterday.
        ({"index_recency": 70.0, "median_recency": 265.0}, FALLBACK.action),
        ({"index_recency": 160.0, "median_recency": 2.0}, FALLBACK.action),
        ({"median_average_balance": -600.0, "median_average_amount": 5_000.0}, OVERDRAWN.action),
        ({"median_average_amount": -12.0, "index_frequency": 180.0}, REFUNDED.action),
        # Near the typical customer, although a few rich ones raise the mean.
        ({"index_average_balance": 500.0, "index_monetary": 500.0}, FALLBACK.action),
        ({"index_recency": 120.0, "index_frequency": 85.0}, FALLBACK.action),
    ],
)
def test_strongest_difference_decides_action(changes: dict[str, Any], action: str) -> None:
    assert actions(segment(**changes), TYPICAL)[0] == action


def test_reason_has_numbers_of_segment() -> None:
    rich = segment(
        median_average_balance=75_923.9,
        median_average_amount=3_933.0,
        total_monetary=443_313_398.73,
        share_of_money=0.537,
    )
    (row, _) = recommended_actions([rich, TYPICAL], "INR", "lakh")
    assert row["reason"] == (
        "They hold about INR 75,900 (3.8 times the typical customer's), spend about INR 3,930 at a "
        "time (7.8 times the typical customer's), and bring 54% of the money (INR 44.3 crore)."
    )
    assert row["channel"] == "Appointment with an adviser"
    assert (row["customers"], row["total_monetary"]) == (1000, 443_313_398.73)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"index_recency": 160.0},
            "They made their last transaction about 50 days before the snapshot (60% longer ago "
            "than the average) and bring 25% of the money (EUR 1 million).",
        ),
        (
            {"index_frequency": 70.0},
            "They transact 30% less often than the average customer and bring 25% of the money "
            "(EUR 1 million).",
        ),
        (
            {"median_average_amount": 50.0},
            "They spend about EUR 50 at a time (10% of the typical customer's) and bring 25% of "
            "the money (EUR 1 million).",
        ),
        (
            {"median_average_amount": 0.5},
            "They spend about EUR 0.50 at a time (under 1% of the typical customer's) and bring "
            "25% of the money (EUR 1 million).",
        ),
        (
            {"median_average_amount": 0.0},
            "They spend EUR 0 at a time and bring 25% of the money (EUR 1 million).",
        ),
        (
            {"index_recency": 50.0, "median_recency": 1.0},
            "They made their last transaction about 1 day before the snapshot (50% more recent "
            "than the average) and bring 25% of the money (EUR 1 million).",
        ),
        (
            {"index_recency": 0.1, "median_recency": 2.0},
            "They made their last transaction about 2 days before the snapshot (over 99% more "
            "recent than the average) and bring 25% of the money (EUR 1 million).",
        ),
        (
            {"index_recency": 200.0, "median_recency": 100.0},
            "They made their last transaction about 100 days before the snapshot (2.0 times as "
            "long ago as the average) and bring 25% of the money (EUR 1 million).",
        ),
        (
            {"index_frequency": 1_250.0},
            "They transact 12.5 times as often as the average customer and bring 25% of the money "
            "(EUR 1 million).",
        ),
        (
            {"median_average_balance": -637.0},
            "They are overdrawn by about EUR 637 and bring 25% of the money (EUR 1 million).",
        ),
        (
            {"median_average_amount": -12.0, "share_of_money": 0.0, "total_monetary": -70.0},
            "They typically get back about EUR 12 a transaction and get back EUR 70 more than they "
            "spend.",
        ),
        (
            {"share_of_money": 0.0, "total_monetary": 0.0},
            "They move no money, and do not differ clearly from the typical customer.",
        ),
        (
            {},
            "They bring 25% of the money (EUR 1 million), and do not differ clearly from "
            "the typical customer.",
        ),
    ],
)
def test_reason_reads_as_sentence(changes: dict[str, Any], message: str) -> None:
    rows = recommended_actions([segment(**changes), TYPICAL], "EUR", "plain")
    assert rows[0]["reason"] == message


def test_single_segment_is_served_as_usual() -> None:
    (row,) = recommended_actions(
        [segment(share_of_customers=1.0, share_of_money=1.0)], "X", "plain"
    )
    assert row["action"] == FALLBACK.action
    assert row["reason"] == "They are all customers, and bring 100% of the money (X 1 million)."


def test_mostly_overdrawn_typical_is_not_compared() -> None:
    overdrawn = segment(9, customers=1_000_000, median_average_balance=-500.0)
    (row, _) = recommended_actions([segment(), overdrawn], "EUR", "plain")
    assert row["reason"].startswith("They hold about EUR 20,000 and bring 25%")


def test_overdrafts_do_not_make_typical_customer_poor() -> None:
    """Logarithms of both signs cancel out: the typical balance was EUR 20, and 931 was 45 times
    that."""
    balances = {14_800.0: 190, 931.0: 280, 395.0: 210, -442.0: 320}
    rows = recommended_actions(
        [
            segment(place, customers=customers, median_average_balance=balance)
            for place, (balance, customers) in enumerate(balances.items())
        ],
        "EUR",
        "plain",
    )
    assert "EUR 14,800 (37.5 times the typical customer's)" in rows[0]["reason"]
    assert "EUR 931 (2.4 times the typical customer's)" in rows[1]["reason"]
    assert rows[2]["action"] == FALLBACK.action


def test_similar_segments_get_different_actions() -> None:
    richest = segment(0, median_average_balance=900_000.0, median_average_amount=5_000.0)
    rich = segment(1, median_average_balance=90_000.0, median_average_amount=2_000.0)
    assert actions(richest, rich, TYPICAL) == [
        "Offer investment advice",
        "Offer a monthly investment plan",
        FALLBACK.action,
    ]


def test_segments_share_action_if_no_other_rule_fits() -> None:
    often = {"index_frequency": 180.0}
    assert actions(segment(0, **often), segment(1, **often), TYPICAL)[:2] == [
        "Offer a card with cashback",
        "Offer a card with cashback",
    ]


def test_too_small_segment_is_left_out() -> None:
    small = segment(
        customers=0,
        share_of_customers=0.0,
        total_monetary=0.0,
        share_of_money=0.0,
        **{f"median_{m}": None for m in ("recency", "frequency", "average_amount")},
        **{f"index_{m}": None for m in MEASURES},
        median_average_balance=None,
    )
    (row, _) = recommended_actions([small, TYPICAL], "INR", "lakh")
    assert row["action"] == TOO_FEW.action
    assert row["reason"].startswith("Fewer than 11 customers")


def test_bank_without_balances_gets_actions_too() -> None:
    rows = [
        segment(0, median_average_balance=None, index_average_balance=None, index_frequency=180.0),
        segment(1, median_average_balance=None, index_average_balance=None),
    ]
    assert actions(*rows) == ["Offer a card with cashback", FALLBACK.action]


def test_credit_is_offered_after_check_alone() -> None:
    for rule in RULES:
        if "credit card" in rule.action or "premium card" in rule.action or "inst" in rule.action:
            assert rule.action.endswith("after a credit check")


# Rounded to one decimal as in `profiles`: below 0.05 it is 0, which cannot be compared with.
INDEX = st.one_of(st.none(), st.floats(0, 10_000).map(lambda index: round(index, 1)))
MONEY = st.one_of(st.none(), st.floats(-1e12, 1e12), st.sampled_from([-5.0, 0.0, 0.01]))
PROFILE = st.builds(
    lambda customers, money, share, recency, frequency, amount, balance, days: segment(
        customers=customers,
        total_monetary=money,
        # A segment with any money has a positive share of it.
        share_of_money=max(share, 1e-9) if money > 0 else 0.0,
        index_recency=None if days is None else recency,
        index_frequency=frequency,
        median_average_amount=amount,
        median_average_balance=balance,
        median_recency=days,
    ),
    st.integers(0, 10**8),
    st.floats(-1e15, 1e15),
    st.floats(1e-6, 1),
    INDEX,
    INDEX,
    MONEY,
    MONEY,
    st.one_of(st.none(), st.integers(1, 10_000).map(float)),
)


@settings(deadline=None)
@given(st.lists(PROFILE, min_size=1, max_size=10))
def test_any_profiles_get_one_sound_action_each(profiles: list[dict[str, Any]]) -> None:
    rows = recommended_actions(profiles, "INR", "lakh")
    known = {rule.action for rule in (*RULES, FALLBACK, TOO_FEW, OVERDRAWN, REFUNDED)}
    assert [row["segment"] for row in rows] == [profile["segment"] for profile in profiles]
    for profile, row in zip(profiles, rows, strict=True):
        assert row["action"] in known
        assert row["reason"].endswith(".")
        for nonsense in ("nan", "None", "INR -", " 1 days", "(0% ", "(100% ", " 0% of the money"):
            assert nonsense not in row["reason"]
        if row["action"] in ("Ask how the last visit went", "Welcome them and show the app"):
            assert profile["median_recency"] <= RECENT_DAYS
        if row["action"] in ("Call to win them back", "Remind them with a small reward"):
            assert profile["median_recency"] >= QUIET_DAYS
        if (profile["median_average_balance"] or 0) < 0:
            assert row["action"] in (OVERDRAWN.action, TOO_FEW.action)


def spending(number: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a profile of a bank that separates spending from income."""
    return segment(number, **{"total_income": 500_000.0, "median_income": 0.0} | changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"index_recency": 160.0}, "They last spent about 50 days before the snapshot (60% longer"),
        ({"index_frequency": 180.0}, "They spend 80% more often than the average customer and"),
        ({}, "They make 25% of the spending (INR 10 lakh), and do not differ"),
        ({"share_of_customers": 1}, "They are all customers, and make 25% of the spending"),
        ({"total_monetary": 0.0, "share_of_money": 0.0}, "They spend nothing, and do not"),
    ],
)
def test_reasons_speak_of_spending_where_known(changes: dict[str, Any], said: str) -> None:
    row, _ = recommended_actions([spending(**changes), TYPICAL], "INR", "lakh")
    assert row["reason"].startswith(said)


@pytest.mark.parametrize(("income", "is_invited"), [(0.0, True), (None, True), (30_000.0, False)])
def test_salary_is_invited_if_none_arrives(income: float | None, is_invited: bool) -> None:
    poor = spending(median_average_balance=900.0, median_income=income)
    (found, _) = actions(poor, TYPICAL)
    assert (found == INVITE_SALARY) == is_invited
