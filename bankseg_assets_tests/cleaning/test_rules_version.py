"""Results are pinned per rules version: a changed rule must raise its number."""

import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.cleaning import deduplication, outliers, validation
from bankseg_assets.cleaning.rules_version import CLEANING_RULES, RFM_RULES
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.customers import rfm, rfm_incremental
from bankseg_assets_tests.cleaning.repeated_ids import repeated_ids
from bankseg_assets_tests.frames import Rows, cleaned_frame, raw_frame

pytestmark = pytest.mark.slow

# Rules version -> SHA-256 of the results for the rows below.
CLEANING_RESULTS = {
    1: "33f9c931845266e4315ad2e06f9c60c5cde8e959de828ff429867aa70318f9be",
    2: "893bea16afaba9657a99da5efb51022a807530bd2321e9befbdea062fee211fb",
    # Without its new columns `age` and `direction`, which are null here, the result is that of 2.
    3: "d2d73c5de00bb1b64e5b282bb37cb4fd19802a2fd4ef61a2e5ed868f7ffd8695",
    # Signs beside amounts in the currency that a row names are read; there are none here.
    4: "d2d73c5de00bb1b64e5b282bb37cb4fd19802a2fd4ef61a2e5ed868f7ffd8695",
}
RFM_RESULTS = {
    1: "3403cac904e3fb7fb5f14325bbaf2f5bc83bba4498fce7fe5c30b42fe7c3f7f4",
    # Without its new column `income`, which is null here, the result is that of 1.
    2: "770e550dbf4b87a9a28adeeeabc4e7281e2ac10e3a675db15a53cc9d0b463ee5",
    # Without its new columns `first_day` and `active_days`, the result is that of 2.
    3: "c956aa585fd130223afdd1f6efa7c8cde536c68b0bfcd6b0e557ec22e6459bf1",
}
SNAPSHOT = date(2016, 10, 22)
ADVICE = (
    "The {table} of a fixed input are not those of {name} = {version}. If you meant to change a "
    "rule, raise {name} in bankseg_assets/cleaning/rules_version.py, so that every bank's data are "
    "made again, and pin {found!r} under the new number here."
)

_FIELDS: dict[str, tuple[Any, ...]] = {
    "transaction_id": ("T1\t", "\ufeffT2", "300.0", "N/A", "T 5", "=1+1", None),
    "customer_id": ("C1\u00a0", "\u200bC2", "17850.0", "0", "nan", "C-1", "C3"),
    "birth_date": ("1/1/1800", "1/2/05", "1905-08-04", "1/2/18", "x", "29/2/64", "\t"),
    "gender": ("M", " f", "T", "X", "", None, "m\u2060"),
    "location": ("navi  mumbai", "PUNE\u00a0", "A\tB", "Bogot\u00e1", "", None, "NEW\u200b DELHI"),
    "balance": ("-0.0", "1234.5", "-1", "", "9" * 15, ".5", "7.1200"),
    "transaction_date": (
        "31/2/16",
        "1016-08-02",
        "2/8/30",
        "2016-08-12",
        "9/9/16",
        "",
        "+294248-01-01",
    ),
    "transaction_time": ("0", "130", "240000", "235959", "", "5\t", "1234567"),
    "amount": ("25\n", "12.345", "NaN", "1e3", "-1", "500.", "9" * 15),
}


def faulty_rows() -> Rows:
    """Return a sound row with each value of each field in turn."""
    rows = [{name: value} for name, values in _FIELDS.items() for value in values]
    return [{"transaction_id": f"F{number}"} | row for number, row in enumerate(rows)]


def sound_rows() -> Rows:
    """Return 150 rows of 60 customers in three deliveries, with repetitions and corrections."""
    return [
        {
            "transaction_id": f"T{1000 + number % 140}",
            "customer_id": f"C{number % 60}",
            "balance": f"{(number * 7919) % 50_000}.{number % 100:02d}",
            "amount": f"{(number * 104_729) % 3_000 + (number % 50 == 0) * 10**7}.5",
            "transaction_date": f"{number % 28 + 1}/{number % 2 + 8}/16",
            "delivery": ("d1", "d1", "d1", "d1", "d2", "c1", "c2")[number % 7],
        }
        for number in range(150)
    ]


def customers_rows() -> Rows:
    """Return 60 cleaned rows of 25 customers: negative and unknown money, ages at the limit."""
    return [
        {
            "customer_id": f"C{number % 25}",
            "amount": Decimal(number * 7919 % 500_000 - 100_000) / 100,
            "balance": None if number % 6 == 0 else Decimal(number * 104_729 - 3_000_000) / 100,
            "birth_date": (date(1905, 10, 22), date(1990, 2, 28), None)[number % 25 % 3],
            "gender": "F" if number % 11 else "M",
            "transaction_at": datetime(2016, 8, 1, 12) + timedelta(days=number),
        }
        for number in range(60)
    ]


def digest(rows: Iterable[Row]) -> str:
    """Return a SHA-256 of rows, independent of their order."""
    texts = sorted(json.dumps(row.asDict(), sort_keys=True, default=str) for row in rows)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def test_cleaning_has_the_results_of_its_version(spark: SparkSession) -> None:
    contract = DeliveryContract()
    raw = raw_frame(spark, [*sound_rows(), *faulty_rows()])
    not_after = F.lit(date(2017, 1, 1))
    validated = validation.validate(raw, contract, not_after=not_after)
    flags = outliers.outlier_flags(outliers.outlier_fences(validated, contract))
    with repeated_ids(raw, None, contract) as repeated:
        verdicts = deduplication.verdicts(
            raw, repeated, contract, not_after=not_after, winners=["c2", "c1"]
        )
        kept = validation.keep(validated, verdicts, flags).collect()
        quarantined = (
            validation.broken(validated).unionByName(validation.repeats(raw, verdicts)).collect()
        )
    assert len(kept) + len(quarantined) == len(sound_rows()) + len(faulty_rows())
    result = digest([*kept, *quarantined])
    assert CLEANING_RESULTS[CLEANING_RULES] == result, ADVICE.format(
        table="cleaned and quarantined rows",
        name="CLEANING_RULES",
        version=CLEANING_RULES,
        found=result,
    )


def test_rfm_has_the_results_of_its_version(spark: SparkSession) -> None:
    cleaned = cleaned_frame(spark, customers_rows())
    measures = rfm.customers(cleaned, customer_key="customer_id", snapshot=SNAPSHOT)
    carried = rfm_incremental.carried(
        measures,
        spark.createDataFrame([("C1",)], f"{rfm_incremental.TOUCHED} string"),
        since=SNAPSHOT,
        snapshot=date(2016, 12, 1),
    )
    result = digest([*measures.collect(), *carried.collect()])
    assert RFM_RESULTS[RFM_RULES] == result, ADVICE.format(
        table="customers", name="RFM_RULES", version=RFM_RULES, found=result
    )
