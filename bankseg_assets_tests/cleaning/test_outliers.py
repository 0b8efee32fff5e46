"""Outliers are flagged by the fences of their own delivery, and never dropped."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.outliers import Fences, outlier_fences, outlier_flags
from bankseg_assets.cleaning.validation import keep, validate
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets_tests.frames import Rows, raw_frame

CONTRACT = DeliveryContract()


def not_after() -> Column:
    """Return a day after every transaction here; a function, because it needs a session."""
    return F.lit(date(2021, 1, 1))


def fences_of(spark: SparkSession, rows: Rows) -> dict[str, dict[str, Fences]]:
    contract = DeliveryContract()
    return outlier_fences(
        validate(raw_frame(spark, rows), contract, not_after=not_after()), contract
    )


@pytest.mark.slow
def test_fences_are_tukeys_on_the_logarithm_of_each_delivery(spark: SparkSession) -> None:
    rows = [
        {"delivery": delivery, "amount": f"{value:.2f}", "balance": ""}
        for delivery, end in (("d1", 6), ("d2", 10))
        for value in np.round(np.expm1(np.linspace(2, end, 101)), 2)
    ]
    rows += [
        {"delivery": "d1", "amount": amount, "balance": "-1"} for amount in ("-1", "x", "", None)
    ]
    fences = fences_of(spark, rows)
    assert {delivery: list(found) for delivery, found in fences.items()} == {
        "d1": ["amount"],
        "d2": ["amount"],
    }
    # Quartiles 3 and 5 of log(1 + x): 3 - 1.5 * 2 = 0 and 5 + 1.5 * 2 = 8.
    assert np.log1p(fences["d1"]["amount"].low) == pytest.approx(0, abs=0.02)
    assert np.log1p(fences["d1"]["amount"].high) == pytest.approx(8, abs=0.02)
    # 4 and 8: 4 - 6, 8 + 6.
    assert np.log1p(fences["d2"]["amount"].high) == pytest.approx(14, abs=0.04)


@pytest.mark.slow
def test_fences_of_signed_money_reach_below_zero(spark: SparkSession) -> None:
    """Overdrafts are ordinary where half of the balances are negative; the far ones are flagged."""
    rules = CONTRACT.columns | {"balance": replace(CONTRACT.columns["balance"], minimum=None)}
    signed = replace(CONTRACT, columns=rules)
    values = np.round(np.expm1(np.linspace(0, 4, 101)), 2)
    rows = [{"balance": f"{sign}{value:.2f}"} for value in values for sign in ("", "-")]
    validated = validate(raw_frame(spark, rows), signed, not_after=not_after())
    fences = outlier_fences(validated, signed)["d1"]["balance"]
    # Quartiles -2 and 2 of the signed logarithm: -2 - 1.5 * 4 = -8 and 2 + 1.5 * 4 = 8.
    assert fences.low == pytest.approx(-np.expm1(8), rel=0.05)
    assert fences.high == pytest.approx(np.expm1(8), rel=0.05)


@pytest.mark.slow
def test_a_delivery_of_few_rows_has_no_fences(spark: SparkSession) -> None:
    assert fences_of(spark, [{"amount": str(number)} for number in range(99)]) == {"d1": {}}


@pytest.mark.slow
@pytest.mark.parametrize("others", [{}, {"d2": {"amount": Fences(0, 1)}}], ids=["alone", "beside"])
def test_outliers_are_flagged_and_never_dropped(
    spark: SparkSession, others: dict[str, dict[str, Fences]]
) -> None:
    fences = {"d1": {"amount": Fences(10, 100), "balance": Fences(1, 1000)}} | others
    values = [("5", "50"), ("10", "1000"), ("100", ""), ("101", "0"), ("5", "9999"), ("100.01", "")]
    rows = [
        {"transaction_id": f"T{place}", "amount": amount, "balance": balance}
        for place, (amount, balance) in enumerate(values)
    ]
    validated = validate(raw_frame(spark, rows), DeliveryContract(), not_after=not_after())
    kept = keep(validated, None, outlier_flags(fences)).collect()
    assert {row["transaction_id"]: row["outlier_flags"] for row in kept} == {
        "T0": "amount_low",
        "T1": None,
        "T2": None,
        "T3": "amount_high,balance_low",
        "T4": "amount_low,balance_high",
        "T5": "amount_high",
    }


@pytest.mark.slow
def test_without_fences_nothing_is_flagged(spark: SparkSession) -> None:
    validated = validate(raw_frame(spark, [{}]), DeliveryContract(), not_after=not_after())
    (row,) = keep(validated, None, outlier_flags({})).collect()
    assert row["outlier_flags"] is None
