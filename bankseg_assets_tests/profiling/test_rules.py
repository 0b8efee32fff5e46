"""A rule describes a segment by a few memorable thresholds."""

import re
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from bankseg_assets.profiling.rules import (
    BELOW,
    FROM,
    MOST_CONDITIONS,
    RULE_MEASURES,
    Condition,
    find_rule,
    rule_column,
    rule_text,
    sample,
)
from bankseg_assets.stats.typical_values import WHOLE
from bankseg_assets_tests.fitted_models import Fitted

Measures = dict[str, np.ndarray]


def measures(count: int = 2_000, seed: int = 4) -> Measures:
    """Return random customers: half once, half two to four times; one in ten without a balance."""
    random = np.random.default_rng(seed)
    frequency = 1.0 + (random.random(count) < 0.5) * random.integers(1, 4, count)
    average = np.exp(random.normal(6, 1.5, count))
    balance = np.exp(random.normal(9, 1.5, count))
    balance[random.random(count) < 0.1] = np.nan
    return {
        "frequency": frequency,
        "average_amount": average,
        "monetary": average * frequency,
        "average_balance": balance,
        "recency": random.integers(1, 83, count).astype(float),
    }


def found_for(members: np.ndarray, of: Measures) -> dict[tuple[str, str], float]:
    return {(one.measure, one.operator): one.value for one in find_rule(of, members)}


def test_find_rule_recovers_box() -> None:
    of = measures()
    members = (
        (of["frequency"] < 2) & (of["average_amount"] >= 300) & (of["average_balance"] < 20_000)
    )
    rule = found_for(members, of)
    assert rule.pop(("frequency", BELOW)) == 2
    assert rule.pop(("average_balance", BELOW)) == pytest.approx(20_000, rel=0.05)
    ((measure, operator), value) = rule.popitem()
    assert measure in ("average_amount", "monetary")  # equal for customers with one transaction
    assert (operator, value) == (FROM, pytest.approx(300, rel=0.05))
    assert not rule


def test_range_of_one_measure_is_two_conditions() -> None:
    of = measures()
    rule = found_for((of["recency"] >= 20) & (of["recency"] < 40), of)
    assert rule == {("recency", FROM): 20, ("recency", BELOW): 40}


def test_round_threshold_is_preferred() -> None:
    of = measures()
    rule = found_for(of["average_amount"] >= 407, of)
    assert rule == {("average_amount", FROM): 400}


def test_unknown_measure_fulfils_no_condition() -> None:
    of = measures()
    known = ~np.isnan(of["average_balance"])
    (condition,) = find_rule(of, known)
    assert (condition.measure, condition.operator) == ("average_balance", FROM)


def test_rule_never_has_both_average_and_sum() -> None:
    of = measures()
    rule = found_for((of["monetary"] >= 500) & (of["average_amount"] < 2_000), of)
    assert len({measure for measure, _ in rule} & {"monetary", "average_amount"}) == 1


def test_no_rule_for_few_members_or_all_customers() -> None:
    of = measures()
    richest = np.argsort(-of["monetary"])
    few, enough, everybody = (np.zeros(len(richest), dtype=bool) for _ in range(3))
    few[richest[:10]], enough[richest[:11]], everybody[:] = True, True, True
    assert find_rule(of, few) == []
    assert find_rule(of, enough) != []
    assert find_rule(of, everybody) == []


def test_identical_customers_have_no_rule() -> None:
    alike = {name: np.ones(50) for name in RULE_MEASURES}
    assert find_rule(alike, np.arange(50) < 20) == []


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1_000), st.sampled_from(RULE_MEASURES), st.floats(0.1, 0.9))
def test_rule_is_short_with_two_digit_thresholds(seed: int, measure: str, quantile: float) -> None:
    of = measures(400, seed)
    members = of[measure] < np.nanquantile(of[measure], quantile)
    rule = find_rule(of, members)
    assert len(rule) <= MOST_CONDITIONS
    assert all(float(f"{one.value:.2g}") == one.value for one in rule)
    held = np.ones(400, dtype=bool)
    for one in rule:
        held &= (
            of[one.measure] < one.value if one.operator == BELOW else of[one.measure] >= one.value
        )
    if members.sum() >= 11:
        f1 = 2 * (held & members).sum() / (held.sum() + members.sum())
        assert f1 >= 2 * members.sum() / (400 + members.sum())


def test_rule_column_equals_numpy(spark: SparkSession) -> None:
    rows = [(1, Decimal("100.00"), None), (1, Decimal("419.99"), 5.0), (2, Decimal("419.99"), 5.0)]
    rows += [(1, Decimal("420.00"), 5.0)]
    frame = spark.createDataFrame(
        rows, "frequency int, monetary decimal(18,2), average_balance double"
    )
    once = [Condition("frequency", BELOW, 2.0), Condition("monetary", BELOW, 420.0)]
    rich = [Condition("average_balance", FROM, 5.0)]
    found = frame.select(rule_column(once), rule_column(rich), rule_column([])).collect()
    assert [tuple(row) for row in found] == [
        (True, False, True),
        (True, True, True),
        (False, True, True),
        (False, True, True),
    ]


def test_sample_keeps_measures_with_segments(fitted: Fitted) -> None:
    values, segments = sample(fitted.segments)
    again, _ = sample(fitted.segments.repartition(3))
    assert list(values) == list(RULE_MEASURES)
    assert np.bincount(segments).tolist() == fitted.kmeans.sizes
    np.testing.assert_array_equal(values["monetary"], again["monetary"])
    np.testing.assert_allclose(values["average_amount"] * values["frequency"], values["monetary"])


@pytest.mark.parametrize(
    ("conditions", "text"),
    [
        ([], ""),
        ([("frequency", BELOW, 2)], "one transaction"),
        ([("frequency", BELOW, 4)], "at most three transactions"),
        ([("frequency", FROM, 2)], "two or more transactions"),
        ([("frequency", FROM, 2), ("frequency", BELOW, 3)], "two transactions"),
        ([("frequency", FROM, 2), ("frequency", BELOW, 13)], "two to 12 transactions"),
        (
            [("average_amount", FROM, 400), ("frequency", BELOW, 2)],
            "one transaction of INR 400 or more",
        ),
        (
            [("monetary", BELOW, 2400), ("frequency", BELOW, 2), ("monetary", FROM, 410)],
            "one transaction of INR 410 to 2,400",
        ),
        (
            [("frequency", FROM, 2), ("average_amount", BELOW, 1300)],
            "two or more transactions, under INR 1,300 on average",
        ),
        ([("monetary", FROM, 0.5)], "INR 0.5 or more in all"),
        (
            [("recency", FROM, 30), ("average_balance", BELOW, 1_200_000)],
            "a balance of under INR 1,200,000, the last 30 or more days ago",
        ),
        ([("recency", BELOW, 30)], "the last under 30 days ago"),
        ([("recency", FROM, 30), ("recency", BELOW, 60)], "the last 30 to 59 days ago"),
        ([("recency", FROM, 30), ("recency", BELOW, 31)], "the last 30 days ago"),
        ([("recency", FROM, 1), ("recency", BELOW, 2)], "the last 1 day ago"),
        ([("recency", BELOW, 1)], "the last under 1 day ago"),
        ([("frequency", FROM, 1)], "one or more transactions"),
        ([("average_balance", BELOW, -500)], "overdrawn by more than INR 500"),
        ([("average_balance", BELOW, 0)], "overdrawn"),
        ([("average_balance", FROM, 0)], "not overdrawn"),
        ([("average_balance", FROM, -500)], "a balance of INR -500 or more"),
        (
            [("average_balance", FROM, -2500), ("average_balance", BELOW, -500)],
            "overdrawn by INR 500 to 2,500",
        ),
        (
            [("average_balance", FROM, -2500), ("average_balance", BELOW, 0)],
            "overdrawn by at most INR 2,500",
        ),
        (
            [("average_balance", FROM, -2500), ("average_balance", BELOW, 70)],
            "a balance of INR -2,500 to 70",
        ),
        ([("average_amount", BELOW, -0.0)], "under INR 0 on average"),
    ],
)
def test_rule_text_is_natural(conditions: list[tuple[str, str, float]], text: str) -> None:
    rule = [Condition(name, operator, value) for name, operator, value in conditions]
    assert rule_text(rule, "INR") == text


@given(
    st.lists(
        st.tuples(
            st.sampled_from(RULE_MEASURES),
            st.sampled_from([BELOW, FROM]),
            st.integers(-3, 60) | st.floats(-1e6, 1e6).map(lambda value: float(f"{value:.2g}")),
        ),
        max_size=MOST_CONDITIONS,
    )
)
def test_any_rule_text_is_grammatical(
    conditions: list[tuple[str, str, float]],
) -> None:
    rule = [Condition(*one) for one in conditions if one[2] > 0 or one[0] not in WHOLE]
    text = rule_text(rule, "INR")
    assert "one transactions" not in text
    assert not re.search(r"(?<![\d,.])1 days|INR -0\b(?![.])|\bno transaction", text), text


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ([Condition("frequency", BELOW, 2.0)], "one spending transaction"),
        (
            [Condition("frequency", BELOW, 2.0), Condition("monetary", BELOW, 420.0)],
            "one spending transaction of under INR 420",
        ),
        (
            [Condition("frequency", FROM, 2.0), Condition("average_amount", FROM, 40.0)],
            "two or more spending transactions, INR 40 or more spent on average",
        ),
        ([Condition("frequency", BELOW, 4.0)], "at most three spending transactions"),
        (
            [Condition("average_balance", BELOW, 0.0), Condition("recency", BELOW, 30.0)],
            "overdrawn, the last spending transaction under 30 days ago",
        ),
        (
            [Condition("frequency", FROM, 2.0), Condition("recency", FROM, 30.0)],
            "two or more spending transactions, the last 30 or more days ago",
        ),
    ],
)
def test_rule_text_speaks_of_spending_where_known(rule: list[Condition], text: str) -> None:
    assert rule_text(rule, "INR", direction_known=True) == text
