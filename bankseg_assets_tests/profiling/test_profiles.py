"""Segment profiles: shares, medians, index and sentence, compared with manual results."""

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, SparkSession

from bankseg_assets.contracts.tables import SEGMENT_PROFILES
from bankseg_assets.profiling.demographics import demographics
from bankseg_assets.profiling.profiles import TOO_FEW, profile, sentence
from bankseg_assets_tests.frames import segments_frame

ALIKE = 11  # customers of each kind: fewer would not be described
# segment, recency, frequency, monetary, average balance, age
CUSTOMERS = [
    (0, 1, 1, "100", 1230.0, 20),
    (0, 2, 1, "300", None, None),
    (0, 9, 1, "200", 3000.0, 40),
    (1, 40, 4, "3000", None, None),
    (1, 60, 6, "6000", None, None),
]


def segments_of(spark: SparkSession, customers: list[tuple[Any, ...]]) -> DataFrame:
    return segments_frame(
        spark,
        [
            {
                "segment": segment,
                "segment_name": ("Small", "Big")[segment],
                "recency": recency,
                "frequency": frequency,
                "monetary": Decimal(monetary),
                "average_amount": float(monetary) / frequency,
                "average_balance": balance,
                "age": age,
                "income": Decimal(income[0]) if income and income[0] is not None else None,
            }
            for segment, recency, frequency, monetary, balance, age, *income in customers
        ],
    )


def profiles_of(spark: SparkSession, customers: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    frame = segments_of(spark, customers)
    return profile(frame, demographics(frame), "INR")


@pytest.fixture(scope="module")
def profiles(spark: SparkSession) -> dict[int, dict[str, Any]]:
    found = profiles_of(spark, CUSTOMERS * ALIKE)
    assert [row["segment"] for row in found] == [1, 0]  # the most money first
    return {row["segment"]: row for row in found}


@pytest.mark.slow
def test_sizes_and_shares_add_up(profiles: dict[int, dict[str, Any]]) -> None:
    small, big = profiles[0], profiles[1]
    assert (small["segment_name"], small["customers"], big["customers"]) == ("Small", 33, 22)
    assert (small["share_of_customers"], big["share_of_customers"]) == (0.6, 0.4)
    assert (small["total_monetary"], big["total_monetary"]) == (6600.0, 99000.0)
    assert small["share_of_money"] + big["share_of_money"] == pytest.approx(1.0)
    assert small["share_of_money"] == pytest.approx(600 / 9600)


def test_medians_are_exact_for_integers_close_for_money(
    profiles: dict[int, dict[str, Any]],
) -> None:
    small, big = profiles[0], profiles[1]
    assert (small["median_recency"], small["median_frequency"], small["median_age"]) == (2, 1, 20)
    assert (big["median_recency"], big["median_frequency"]) == (40, 4)
    assert small["median_monetary"] == pytest.approx(200, rel=0.003)
    assert small["median_average_amount"] == pytest.approx(200, rel=0.003)
    assert small["median_average_balance"] == pytest.approx(1230, rel=0.003)
    assert (big["median_average_balance"], big["median_age"]) == (None, None)


@pytest.mark.slow
def test_quartiles_use_known_values_only(
    spark: SparkSession, profiles: dict[int, dict[str, Any]]
) -> None:
    many = [(0, days, 1, "100", 50.0 if days < 45 else None, 30) for days in range(1, 101)]
    (row,) = profiles_of(spark, many)
    assert (row["lower_quartile_recency"], row["upper_quartile_recency"]) == (25, 75)
    assert row["lower_quartile_average_balance"] == pytest.approx(50, rel=0.003)
    assert profiles[0]["median_recency"] == 2
    # A quarter of 33 customers are eight: too few to be shown.
    assert profiles[0]["lower_quartile_recency"] is None


@pytest.mark.slow
def test_measure_known_of_ten_members_is_hidden(spark: SparkSession) -> None:
    many = [(0, 5, 1, "100", 50.0 if number < 10 else None, 30) for number in range(60)]
    (row,) = profiles_of(spark, many)
    assert (row["median_average_balance"], row["index_average_balance"]) == (None, None)
    assert row["median_age"] == 30


def test_index_is_100_times_mean_over_overall_mean(
    profiles: dict[int, dict[str, Any]],
) -> None:
    small, big = profiles[0], profiles[1]
    assert small["index_recency"] == pytest.approx(100 * 4 / 22.4, abs=0.05)
    assert big["index_frequency"] == pytest.approx(100 * 5 / 2.6, abs=0.05)
    assert big["index_monetary"] == pytest.approx(100 * 4500 / 1920, abs=0.05)
    assert (small["index_average_balance"], big["index_average_balance"]) == (100.0, None)


def test_profile_has_contracts_columns(profiles: dict[int, dict[str, Any]]) -> None:
    for row in profiles.values():
        assert set(row) == set(SEGMENT_PROFILES.names)


def test_sentence_has_figures(profiles: dict[int, dict[str, Any]]) -> None:
    assert profiles[0]["sentence"] == (
        "60% of customers move 6% of the money: typically one transaction of about INR 200, "
        "2 days before the snapshot, and a balance of about INR 1,230."
    )
    assert profiles[1]["sentence"] == (
        "40% of customers move 94% of the money: typically four transactions of about INR 751 "
        "each, the last 40 days before the snapshot."
    )


def test_rule_has_coverage_and_exclusivity(
    profiles: dict[int, dict[str, Any]],
) -> None:
    small, big = profiles[0], profiles[1]
    assert small["rule"] == "one transaction"
    assert small["rule_conditions"] == [{"measure": "frequency", "operator": "<", "value": 2.0}]
    assert big["rule"] == "two or more transactions"
    assert (big["rule_coverage"], big["rule_exclusivity"]) == (1.0, 1.0)


@pytest.mark.slow
def test_coverage_and_exclusivity_use_all_customers(spark: SparkSession) -> None:
    kinds = [(0, 5, 1, "100", 50.0, 30)] * 40 + [(0, 5, 3, "300", 50.0, 30)] * 10
    others = [(1, 5, 3, "300", 50.0, 30)] * 30 + [(1, 5, 1, "100", 50.0, 30)] * 20
    found = {row["segment"]: row for row in profiles_of(spark, kinds + others)}
    assert found[0]["rule"] == "one transaction"
    assert (found[0]["rule_coverage"], found[0]["rule_exclusivity"]) == (0.8, 0.6667)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 10])
def test_segment_of_one_to_ten_customers_is_not_described(spark: SparkSession, size: int) -> None:
    described, small = profiles_of(spark, CUSTOMERS[:3] * ALIKE + CUSTOMERS[3:4] * size)
    assert described["customers"] == 33
    assert (small["segment"], small["segment_name"], small["sentence"]) == (1, "Big", TOO_FEW)
    hidden = {name: value for name, value in small.items() if not name.startswith("se")}
    assert not any(hidden.values())
    assert set(small) == set(SEGMENT_PROFILES.names)


@pytest.mark.slow
def test_segment_of_eleven_customers_is_described(spark: SparkSession) -> None:
    found = profiles_of(spark, CUSTOMERS[:3] * ALIKE + CUSTOMERS[3:4] * 11)
    (big,) = [row for row in found if row["segment"] == 1]
    assert (big["customers"], big["median_recency"]) == (11, 40)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "transaction of about EUR 16,800, 3 days before"),
        ({"median_average_balance": 1234567.0}, "a balance of about EUR 1,230,000."),
        ({"median_average_amount": 0.456}, "about EUR 0.456,"),
        ({"median_recency": 1.0}, "EUR 16,800, 1 day before the snapshot"),
        (
            {"median_frequency": 12.0},
            "typically 12 transactions of about EUR 16,800 each, the last",
        ),
        ({"share_of_customers": 0.002}, "under 1% of customers move 50% of the money"),
        ({"share_of_customers": 0.998}, "over 99% of customers move 50% of the money"),
        ({"share_of_customers": 1.0}, "All customers: typically one transaction of about EUR"),
        ({"share_of_money": 0.0, "total_monetary": 0.0}, "12% of customers move no money: typ"),
        (
            {"share_of_money": 0.0, "total_monetary": -1234.5},
            "12% of customers get back EUR 1,230 more than they spend: typically one",
        ),
        ({"median_average_amount": -12.0}, "typically a net refund of about EUR 12, 3 days before"),
        (
            {"median_average_amount": -12.0, "median_frequency": 4.0},
            "four transactions, on average a net refund of about EUR 12 each, the last 3 days",
        ),
        ({"median_average_amount": 0.0}, "typically one transaction of EUR 0, 3 days before"),
        ({"median_average_balance": -637.2}, ", and an overdraft of about EUR 637."),
        ({"median_average_balance": 0.0}, ", and a balance of EUR 0."),
    ],
)
def test_figures_are_phrased_naturally(changes: dict[str, float], said: str) -> None:
    row = {
        "share_of_customers": 0.123,
        "share_of_money": 0.5,
        "total_monetary": 1_000.0,
        "median_frequency": 1.0,
        "median_recency": 3.0,
        "median_average_amount": 16792.4,
        "median_average_balance": None,
    }
    assert said in sentence(row | changes, "EUR")


REFUNDS = [
    (0, 1, 1, "100", 500.0, 20),
    (1, 2, 1, "-30", -500.0, 20),
]


@pytest.mark.slow
def test_money_below_zero_has_no_share_and_no_index(spark: SparkSession) -> None:
    """Refunds: the shares of the other segments sum to 1, and negative means have no index.

    The mean balance of all is zero.
    """
    big, small = profiles_of(spark, REFUNDS * ALIKE)
    assert (big["share_of_money"], small["share_of_money"]) == (1.0, 0.0)
    assert small["total_monetary"] == -330.0
    for row in (big, small):
        assert row["index_recency"] is not None
        for measure in ("monetary", "average_amount", "average_balance"):
            assert row[f"index_{measure}"] is None
    assert big["sentence"].startswith("50% of customers move 100% of the money: ")
    assert small["sentence"] == (
        "50% of customers get back INR 330 more than they spend: typically a net refund of about "
        "INR 29.9, 2 days before the snapshot, and an overdraft of about INR 500."
    )


@pytest.mark.slow
def test_no_spending_gives_no_share_of_money(spark: SparkSession) -> None:
    rows = profiles_of(spark, [(0, 1, 1, "0", None, None), (1, 2, 1, "-5", None, None)] * ALIKE)
    assert [row["share_of_money"] for row in rows] == [0.0, 0.0]
    assert [row["sentence"].partition(":")[0] for row in rows] == [
        "50% of customers move no money",
        "50% of customers get back INR 55 more than they spend",
    ]


@pytest.mark.slow
def test_balance_that_most_lack_is_not_typical(spark: SparkSession) -> None:
    many = [(0, 5, 1, "100", 50.0 if number < 20 else None, 30) for number in range(60)]
    (row,) = profiles_of(spark, many)
    assert row["median_average_balance"] is not None
    assert row["sentence"] == (
        "All customers: typically one transaction of about INR 100, 5 days before the snapshot."
    )


# The same customers with income of a bank with debits and credits: zero for those without any.
INCOMES = ("2000", "0", "4000", "0", "0")
WITH_INCOME = [
    (*customer, income) for customer, income in zip(CUSTOMERS, INCOMES, strict=True)
] * ALIKE


@pytest.fixture(scope="module")
def with_income(spark: SparkSession) -> dict[int, dict[str, Any]]:
    return {row["segment"]: row for row in profiles_of(spark, WITH_INCOME)}


@pytest.mark.slow
def test_profile_has_median_quartiles_and_index_of_income(
    with_income: dict[int, dict[str, Any]],
) -> None:
    small, big = with_income[0], with_income[1]
    assert (small["total_income"], big["total_income"]) == (66_000.0, 0.0)
    assert small["median_income"] == pytest.approx(2000, rel=0.003)
    assert big["median_income"] == 0
    # 66,000 over 33 members, and over 55 customers.
    assert small["index_income"] == pytest.approx(100 * 2000 / 1200, abs=0.05)
    assert big["index_income"] == 0
    assert small["lower_quartile_income"] is None  # a quarter of 33 customers are too few


@pytest.mark.slow
def test_income_quartiles_of_44_members(spark: SparkSession) -> None:
    many = [(0, 5, 1, "100", 50.0, 30, str(100 * number)) for number in range(1, 45)]
    (row,) = profiles_of(spark, many)
    quartiles = [row[f"{name}_income"] for name in ("lower_quartile", "median", "upper_quartile")]
    assert quartiles == pytest.approx([1100, 2200, 3300], rel=0.003)


def test_income_does_not_change_other_measures(
    profiles: dict[int, dict[str, Any]], with_income: dict[int, dict[str, Any]]
) -> None:
    texts = ("sentence", "rule")
    for segment, row in profiles.items():
        for name, value in row.items():
            if "income" not in name and name not in texts:
                assert with_income[segment][name] == value, name


def test_sentence_speaks_of_spending_and_income_where_known(
    with_income: dict[int, dict[str, Any]],
) -> None:
    assert with_income[0]["sentence"] == (
        "60% of customers make 6% of the spending: typically one spending transaction of about "
        "INR 200, 2 days before the snapshot, income of about INR 2,000 in all, and a balance of "
        "about INR 1,230."
    )
    assert with_income[1]["sentence"] == (
        "40% of customers make 94% of the spending: typically four spending transactions of about "
        "INR 751 each, the last 40 days before the snapshot, and no income."
    )
    assert with_income[0]["rule"] == "one spending transaction"


def test_unknown_direction_leaves_income_null(profiles: dict[int, dict[str, Any]]) -> None:
    for row in profiles.values():
        assert {value for name, value in row.items() if "income" in name} == {None}
        assert "income" not in row["sentence"]
        assert "spending" not in row["sentence"]


@pytest.mark.slow
def test_income_of_small_segment_is_not_shown(spark: SparkSession) -> None:
    many = [(0, 5, 1, "100", None, None, "900")] * 20 + [(1, 9, 2, "50", None, None, "7777")] * 10
    _, small = profiles_of(spark, many)
    assert (small["sentence"], small["total_income"]) == (TOO_FEW, 0.0)
    assert (small["median_income"], small["index_income"]) == (None, None)


@pytest.mark.slow
def test_income_known_of_ten_members_is_not_shown(spark: SparkSession) -> None:
    """The direction may be known for some rows only."""
    many = [(0, 5, 1, "100", None, None, "900" if number < 10 else None) for number in range(60)]
    (row,) = profiles_of(spark, many)
    assert (row["median_income"], row["index_income"]) == (None, None)
    assert "income" not in row["sentence"]


@pytest.mark.slow
def test_income_that_most_members_lack_is_not_typical(spark: SparkSession) -> None:
    many = [(0, 5, 1, "100", None, None, "900" if number < 20 else None) for number in range(60)]
    (row,) = profiles_of(spark, many)
    assert row["median_income"] == pytest.approx(900, rel=0.003)
    assert "income" not in row["sentence"]


@pytest.mark.slow
def test_reversed_income_has_no_index(spark: SparkSession) -> None:
    many = [(0, 5, 1, "100", None, None, "900"), (1, 9, 2, "50", None, None, "-200")] * ALIKE
    rows = profiles_of(spark, many)
    assert [row["index_income"] for row in rows] == [None, None]
    assert rows[1]["sentence"].endswith(", and about INR 200 of income reversed.")


@pytest.mark.slow
def test_sentence_says_no_spending(spark: SparkSession) -> None:
    rows = profiles_of(spark, [(0, 1, 1, "0", None, None, "0")] * ALIKE)
    assert rows[0]["sentence"].startswith("All customers spend nothing: typically one spending")


@pytest.mark.slow
@pytest.mark.parametrize(("paid", "total", "index"), [(10, 0.0, None), (11, 9900.0, 100.0)])
def test_sum_of_few_incomes_is_not_shown(
    spark: SparkSession, paid: int, total: float, index: float | None
) -> None:
    """Ten of 40 members have income: their sum, and what it could be derived from, is hidden."""
    many = [(0, 5, 1, "100", None, None, "900" if n < paid else "0") for n in range(40)]
    (row,) = profiles_of(spark, many)
    assert (row["total_income"], row["index_income"]) == (total, index)
    assert row["median_income"] == 0


@pytest.mark.slow
def test_few_incomes_count_in_no_other_segment_s_index(spark: SparkSession) -> None:
    """Shown totals and indices determine the overall mean, which would disclose the hidden sum."""
    most = [(0, 5, 1, "100", None, None, "900")] * 40
    few = [(1, 9, 2, "50", None, None, "7777" if n < 3 else "0") for n in range(40)]
    found = {row["segment"]: row for row in profiles_of(spark, most + few)}
    assert found[0]["index_income"] == 200.0
    assert (found[1]["total_income"], found[1]["index_income"]) == (0.0, None)


# As in bins: two decimals, and zero without a sign.
SUMS = st.one_of(st.floats(-1e12, 1e12), st.sampled_from([0.0, 0.01, -0.01])).map(
    lambda value: round(value, 2) + 0.0
)


@given(
    st.floats(1e-6, 1),
    SUMS,
    st.integers(1, 500),
    SUMS,
    st.one_of(st.none(), SUMS),
    st.one_of(st.none(), SUMS),
)
def test_any_sentence_of_spending_is_sound(
    share: float,
    total: float,
    times: int,
    amount: float,
    income: float | None,
    balance: float | None,
) -> None:
    said = sentence(
        {
            "share_of_customers": share,
            "share_of_money": share if total > 0 else 0.0,
            "total_monetary": total,
            "total_income": 0.0,
            "median_frequency": float(times),
            "median_recency": 3.0,
            "median_average_amount": amount,
            "median_income": income,
            "median_average_balance": balance,
        },
        "EUR",
    )
    assert said.endswith(".")
    assert not re.search(r"nan|None|EUR -|of the money|move|, and .*, and |\.\.", said)
    assert ("income" in said) == (income is not None)
    if amount >= 0 or times > 1:
        assert "spending transaction" in said
