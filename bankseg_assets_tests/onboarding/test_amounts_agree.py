"""`suggest` and cleaning parse amounts alike."""

from dataclasses import replace
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning.validation import validate
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.onboarding.amounts import SEPARATORS, amount_of
from bankseg_assets_tests.frames import raw_frame

TEXTS = (
    *("5", "5.00", "5,00", "-5", "5-", "(5)", "+5", "\u22125.25", ".47", ",47", "500.", "0.00"),
    *("1,234", "1.234", "1,234.50", "1.234,50", "1 234,50", "1\u202f234.50", "1'234.50"),
    *("1,23,456.00", "12,34", "0,123", "1,2345", "1,23", "12,345,67", "--5", "(5", "5)-", "1 23"),
    *("INR 500", "\u20b9500.00", "Rs. 500/-", "Rs.500", "500 INR", "-INR 5", "(\u20b95)", "INR.47"),
    *("1.5E+3", "2e2", "5 apples", "12:30", "2016-08-02", "C100", "500.-", "1..5", "", "-"),
)


@pytest.mark.slow
@pytest.mark.parametrize(("decimal", "thousands"), SEPARATORS)
def test_amounts_are_those_that_cleaning_reads(
    spark: SparkSession, decimal: str, thousands: str
) -> None:
    shipped = DeliveryContract()
    amount = replace(
        shipped.columns["amount"],
        minimum=None,
        decimal_separator=decimal,
        thousands_separator=thousands,
    )
    contract = replace(shipped, columns={**shipped.columns, "amount": amount})
    rows = [{"transaction_id": f"T{n}", "amount": text} for n, text in enumerate(TEXTS)]
    validated = validate(
        raw_frame(spark, rows), contract, not_after=F.lit("2100-01-01").cast("date")
    )
    found = {row["transaction_id"]: row["amount"] for row in validated.collect()}
    read: dict[str, Decimal | None] = {text: found[f"T{n}"] for n, text in enumerate(TEXTS)}
    ours = {text: amount_of(text, decimal, thousands) for text in TEXTS}
    # More decimals than the currency has are read here, to say so, and quarantined there.
    differs = {
        text: (ours[text], value)
        for text, value in read.items()
        if ours[text] != value and not (value is None and _has_many_decimals(ours[text]))
    }
    assert differs == {}


def _has_many_decimals(value: Decimal | None) -> bool:
    return value is not None and value != round(value, 2)
