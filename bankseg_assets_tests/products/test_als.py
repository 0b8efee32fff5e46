"""ALS is fitted on patterns of holdings, and recommends products that are not held."""

import numpy as np
import pyarrow as pa
import pytest
from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame, SparkSession

from bankseg_assets.contracts.tables import (
    CUSTOMER_SEGMENTS,
    PRODUCT_HOLDINGS,
    PRODUCT_RECOMMENDATIONS,
)
from bankseg_assets.products import als
from bankseg_assets.products.als import (
    Learning,
    curves,
    customers_and_holders,
    learn,
    patterns,
    products_of,
    recommend,
)
from bankseg_assets.products.holding_patterns import Patterns
from bankseg_assets.products.leave_one_out import compare_recommenders, split
from bankseg_assets.products.recommender import NOT_A_CUSTOMER, Factors, ProductModel

pytestmark = pytest.mark.slow

PRODUCTS = ["Savings", "Card", "Loan", "Fund", "Demat", "Gold"]
HOW = Learning(rank=2, iterations=5)


def holdings_frame(spark: SparkSession, held: dict[str, list[str]]) -> DataFrame:
    """Return PRODUCT_HOLDINGS from customer -> products."""
    rows = [(customer, product) for customer, products in held.items() for product in products]
    frame = spark.createDataFrame(rows, "customer_id string, product string")
    return frame.selectExpr(
        "*", "'h.csv' AS source_file", "'d' AS delivery", "1L AS row_number"
    ).select(*PRODUCT_HOLDINGS.names)


def segments_frame(spark: SparkSession, segments: dict[str, int]) -> DataFrame:
    """Return CUSTOMER_SEGMENTS from customer -> segment; the rest is null."""
    names = CUSTOMER_SEGMENTS.names
    rows = [
        tuple({"customer_id": customer, "segment": segment}.get(name) for name in names)
        for customer, segment in segments.items()
    ]
    return spark.createDataFrame(rows, CUSTOMER_SEGMENTS.ddl)


def bank(n: int = 3_000, seed: int = 1) -> Patterns:
    """Return customers in two segments, half preferring loans and half funds."""
    random = np.random.default_rng(seed)
    leaning = random.random(n) < 0.5
    chances = np.where(
        leaning[:, None], [0.95, 0.8, 0.6, 0.05, 0.05, 0.4], [0.95, 0.6, 0.05, 0.6, 0.5, 0.05]
    )
    held = random.random((n, len(PRODUCTS))) < chances
    rows, customers = np.unique(
        np.column_stack([np.where(random.random(n) < 0.3, 1, 0), held]), axis=0, return_counts=True
    )
    return Patterns(rows[:, 0], rows[:, 1:].astype(np.bool_), customers)


def test_products_of_sorts_by_holders(spark: SparkSession) -> None:
    held = {"C1": ["Card", "Loan"], "C2": ["Loan"], "C3": ["Fund"]}
    assert products_of(holdings_frame(spark, held)) == ["Loan", "Card", "Fund"]


def test_customers_and_holders_have_all_holdings(spark: SparkSession) -> None:
    held = {"C1": ["Loan", "Savings"], "C9": ["Card"]}
    found = customers_and_holders(
        holdings_frame(spark, held), segments_frame(spark, {"C1": 1, "C2": 0}), PRODUCTS
    )
    assert {tuple(row) for row in found.collect()} == {
        ("C1", 1, 0b101),
        ("C2", 0, 0),
        ("C9", NOT_A_CUSTOMER, 0b10),
    }


def test_customers_are_counted_by_segment_and_holdings(spark: SparkSession) -> None:
    rows = [("a", 1, 5), ("b", 1, 5), ("c", 0, 5), ("d", 1, 0), ("e", 0, 0)]
    frame = spark.createDataFrame(rows, "customer_id string, segment int, held_0 bigint")
    found = patterns(frame, 3)
    assert found.segment.tolist() == [0, 0, 1, 1]
    assert found.held.astype(int).tolist() == [[0, 0, 0], [1, 0, 1], [0, 0, 0], [1, 0, 1]]
    assert found.customers.tolist() == [1, 1, 1, 2]


def test_hundred_products_need_two_bit_columns(spark: SparkSession) -> None:
    products = [f"P{n}" for n in range(100)]
    held = {"C1": ["P0", "P62", "P63", "P99"], "C2": products}
    customers = customers_and_holders(
        holdings_frame(spark, held), segments_frame(spark, dict.fromkeys(held, 0)), products
    )
    found = patterns(customers, 100)
    assert sorted(np.flatnonzero(row).tolist() for row in found.held) == [
        list(range(100)),
        [0, 62, 63, 99],
    ]
    model = ProductModel(products, np.linspace(1, 0, 100), {}, None)
    rows = recommend(spark, customers, found, model, 3).collect()
    assert [(row["customer_id"], row["rank"], row["product"]) for row in sorted(rows)] == [
        ("C1", 1, "P1"),
        ("C1", 2, "P2"),
        ("C1", 3, "P3"),
    ]


def test_numpy_fold_in_equals_spark(spark: SparkSession) -> None:
    held = np.random.default_rng(2).random((40, 6)) < 0.4
    held[:, 0] |= ~held.any(axis=1)
    customer, product = np.nonzero(held)
    table = pa.table({"u": customer.astype("int32"), "i": product.astype("int32")})
    ratings = spark.createDataFrame(table).selectExpr("u", "i", "1.0F AS r")
    model = ALS(
        rank=2, maxIter=4, regParam=0.3, alpha=2.0, implicitPrefs=True, seed=5,
        userCol="u", itemCol="i", ratingCol="r",
    ).fit(ratings)  # fmt: skip
    of = {row["id"]: row["features"] for row in model.itemFactors.collect()}
    users = {row["id"]: row["features"] for row in model.userFactors.collect()}
    factors = np.array([of[place] for place in range(6)])
    expected = np.array([users[place] for place in range(40)]) @ factors.T
    found = Factors(factors, 2.0, 0.3, np.zeros(6), np.ones(6)).preferences(held)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_same_holdings_give_same_factors(spark: SparkSession) -> None:
    first, second = (learn(spark, bank(), PRODUCTS, HOW).to_json() for _ in range(2))
    assert first == second
    assert learn(spark, bank(), PRODUCTS, Learning(rank=2, seed=9)).to_json() != first


def test_als_finds_more_hidden_holdings_than_popularity(spark: SparkSession) -> None:
    test = split(bank(), seed=3)
    found = compare_recommenders(test, learn(spark, test.training, PRODUCTS, Learning()))
    assert set(found) == {"als", "als_without_curves", "popularity", "popularity_in_segment"}
    assert found["als"].map_at_7 > found["popularity"].map_at_7 + 0.02
    assert found["als"].hit_rate_at_3 > found["popularity"].hit_rate_at_3


def test_probability_is_calibrated_to_share(spark: SparkSession) -> None:
    found = bank()
    factors = learn(spark, found, PRODUCTS, HOW).factors
    assert factors is not None
    holders = found.holders
    predicted = holders.customers @ factors.probabilities(holders.held) / holders.customers.sum()
    np.testing.assert_allclose(predicted, holders.shares, atol=0.01)


def test_segment_shares_shrink_towards_overall(
    spark: SparkSession,
) -> None:
    held = np.array([[True, False], [False, True], [True, True], [False, False]])
    found = Patterns(np.array([0, 1, NOT_A_CUSTOMER, 0]), held, np.array([150, 50, 100, 999]))
    model = learn(spark, found, ["a", "b"], HOW)
    assert model.shares == pytest.approx([250 / 300, 150 / 300])
    assert model.segment_shares[0] == pytest.approx(
        [(150 + 50 * 250 / 300) / 200, (0 + 50 * 0.5) / 200]
    )
    assert model.segment_shares[1] == pytest.approx([(0 + 50 * 250 / 300) / 100, (50 + 25) / 100])
    assert set(model.segment_shares) == {0, 1}


@pytest.mark.parametrize("held", [np.ones((1, 1), np.bool_), np.zeros((1, 3), np.bool_)])
def test_one_product_or_no_holder_has_no_factors(spark: SparkSession, held: np.ndarray) -> None:
    found = Patterns(np.array([0]), held, np.array([500]))
    assert learn(spark, found, ["a"] * held.shape[1], HOW).factors is None


def test_curve_is_logistic_regression_on_customers() -> None:
    # 30 of 40 who have the preference 1 hold it, 10 of 40 who have 0: odds of 3 and 1/3.
    unseen = np.array([[1.0], [1.0], [0.0], [0.0]])
    held = np.array([[True], [False], [True], [False]])
    intercept, slope = curves(unseen, held, np.array([3_000, 1_000, 1_000, 3_000]))
    assert intercept == pytest.approx([-np.log(3)], abs=0.01)
    assert slope == pytest.approx([2 * np.log(3)], abs=0.01)


def test_misleading_preference_falls_back_to_popularity() -> None:
    unseen = np.array([[1.0], [0.0]])
    held = np.array([[False], [True]])
    intercept, slope = curves(unseen, held, np.array([75, 25]))
    assert intercept == pytest.approx([np.log(1 / 3)])
    assert slope.tolist() == [0.0]


def test_curve_of_product_held_by_all_or_none_is_finite() -> None:
    held = np.array([[True, False], [True, False]])
    intercepts, slopes = curves(np.array([[1.0, 0.2], [0.5, 0.1]]), held, np.array([5, 5]))
    assert np.isfinite(intercepts).all()
    assert slopes.tolist() == [0.0, 0.0]


def test_recommend_gives_products_not_held(spark: SparkSession) -> None:
    held = {"C1": ["Savings"], "C2": PRODUCTS[:5], "C3": PRODUCTS, "C9": ["Card"]}
    segments = {"C1": 0, "C2": 1, "C3": 0, "C4": 1}
    customers = customers_and_holders(
        holdings_frame(spark, held), segments_frame(spark, segments), PRODUCTS
    )
    model = learn(spark, bank(), PRODUCTS, HOW)
    found = patterns(customers, len(PRODUCTS))
    table = recommend(spark, customers, found, model, 3)
    assert table.columns == PRODUCT_RECOMMENDATIONS.names
    rows = sorted(table.collect(), key=lambda row: (row["customer_id"], row["rank"]))
    of: dict[str, list[str]] = {}
    for row in rows:
        of.setdefault(row["customer_id"], []).append(row["product"])
        assert row["rank"] == len(of[row["customer_id"]])
        assert row["source"] == ("segment" if row["customer_id"] == "C4" else "als")
        assert 0 <= row["score"] <= 1
    assert {customer: len(products) for customer, products in of.items()} == {
        "C1": 3, "C2": 1, "C4": 3,
    }  # fmt: skip
    assert "Savings" not in of["C1"]
    assert of["C2"] == ["Gold"]
    assert of["C4"][:2] == ["Savings", "Card"]


def test_recommendations_are_independent_of_chunk_size(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = {f"C{n}": [PRODUCTS[n % 6], PRODUCTS[(n + n // 6) % 6]] for n in range(12)}
    held = {customer: sorted(set(products)) for customer, products in held.items()}
    customers = customers_and_holders(
        holdings_frame(spark, held), segments_frame(spark, dict.fromkeys(held, 0)), PRODUCTS
    )
    model, found = learn(spark, bank(), PRODUCTS, HOW), patterns(customers, 6)
    once = sorted(map(tuple, recommend(spark, customers, found, model, 2).collect()))
    monkeypatch.setattr(als, "_ROWS_AT_ONCE", 3)
    assert sorted(map(tuple, recommend(spark, customers, found, model, 2).collect())) == once
