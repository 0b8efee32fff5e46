"""The report's tables have correct figures, and no cell that reveals a person."""

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession

from bankseg_assets.contracts.tables import QUARANTINED_TRANSACTIONS
from bankseg_assets.customers.eda import TOP_LOCATIONS, Tables, explore, fewest_rows
from bankseg_assets.customers.transaction_counts import count
from bankseg_assets.presentation.disclosure import SMALLEST_CELL
from bankseg_assets_tests.frames import cleaned_frame, rfm_frame

FEWEST = 21  # rows of a cell: ten of the customers below may have made twenty
MONDAY = datetime(2016, 8, 1)
PRIVATE = (
    *("amount_distribution", "balance_distribution", "age_distribution", "transactions_by_day"),
    *("transactions_by_weekday", "transactions_by_hour", "genders", "locations", "outliers"),
)


def rows() -> list[dict[str, Any]]:
    """25 places of 21 to 45 rows, and one place, day, hour and age with only twenty rows."""
    found = []
    for place in range(25):
        for number in range(FEWEST + place):
            found.append(
                {
                    "location": f"PLACE{place}",
                    "transaction_at": MONDAY + timedelta(days=place % 7, hours=number % 3),
                    "amount": Decimal(100 + place),
                    "balance": None if number == 0 else Decimal(1000 * (place + 1)),
                    "gender": "M" if number % 2 else "F",
                    "birth_date": None if place == 3 else date(1990, 1, 1),
                    "outlier_flags": "amount_high,balance_low" if place == 0 else None,
                }
            )
    alone = {
        "location": "HAMLET",
        "transaction_at": datetime(2016, 10, 21, 23),
        "amount": Decimal("1560035.00"),
        "balance": Decimal("99999999.00"),
        "gender": "T",
        "birth_date": date(1920, 1, 1),
        "outlier_flags": "balance_high",
    }
    return [*found, *[alone] * (FEWEST - 1)]


ROWS = rows()


@pytest.fixture(scope="module")
def tables(spark: SparkSession) -> Tables:
    """The report of those rows, of 60 customers and of 14 quarantined rows."""
    quarantined = spark.createDataFrame(
        [("quarantined", "invalid_amount", "bank.csv", "d1", n, "{}") for n in range(13)]
        + [("duplicate", "duplicate", "bank.csv", "d1", 9, "{}")],
        QUARANTINED_TRANSACTIONS.ddl,
    )
    rfm = rfm_frame(
        spark,
        [{"frequency": 1 if n < 24 else 2, "identity_conflict": n < 36} for n in range(60)],
    )
    return explore(count(cleaned_frame(spark, ROWS)), quarantined, rfm)


def column(table: Iterable[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in table]


@pytest.mark.slow
def test_the_overview_counts_and_sums_everything(tables: Tables) -> None:
    assert tables["overview"] == [
        {
            "transactions": len(ROWS),
            "customers": 60,
            "amount_total": float(sum(row["amount"] for row in ROWS)),
            "first_day": "2016-08-01",
            "last_day": "2016-10-21",
            "repeat_customers": 36,
            "identity_conflict_share_of_repeat": 12 / 36,
        }
    ]


def test_missing_values_are_counted_column_by_column(tables: Tables) -> None:
    missing = {row["column"]: row["missing"] for row in tables["missing_values"]}
    assert missing == {"birth_date": 24, "gender": 0, "location": 0, "balance": 25}
    (birth, *_) = tables["missing_values"]
    assert birth["share"] == pytest.approx(24 / len(ROWS))


def test_no_cell_that_ten_customers_may_have_made_is_shown(tables: Tables) -> None:
    for name in PRIVATE:
        assert tables[name], name
        assert min(column(tables[name], "rows")) >= FEWEST
    assert min(column(tables["frequencies"], "customers")) >= SMALLEST_CELL
    shown = str([tables[name] for name in PRIVATE])
    for private in ("HAMLET", "2016-10-21", "'T'", "balance_high"):
        assert private not in shown
    assert 23 not in column(tables["transactions_by_hour"], "hour")
    assert max(column(tables["age_distribution"], "age")) == 26
    assert max(column(tables["amount_distribution"], "from")) < 200


def test_locations_are_the_twenty_with_most_transactions(tables: Tables) -> None:
    names = column(tables["locations"], "location")
    assert names == [f"PLACE{place}" for place in range(24, 24 - TOP_LOCATIONS, -1)]
    assert tables["locations"][0] == {"location": "PLACE24", "rows": 45, "amount": 45 * 124.0}


def test_days_weekdays_and_hours_are_counted_in_order(tables: Tables) -> None:
    days = column(tables["transactions_by_day"], "day")
    assert days == [f"2016-08-0{number}" for number in range(1, 8)]
    assert column(tables["transactions_by_weekday"], "weekday") == [1, 2, 3, 4, 5, 6, 7]
    mondays = sum(FEWEST + place for place in range(25) if place % 7 == 0)
    assert tables["transactions_by_weekday"][0]["rows"] == mondays
    assert column(tables["transactions_by_hour"], "hour") == [0, 1, 2]
    assert column(tables["genders"], "gender") == ["F", "M"]


def test_distributions_lose_no_row_but_those_of_small_cells(tables: Tables) -> None:
    assert sum(column(tables["amount_distribution"], "rows")) == len(ROWS) - (FEWEST - 1)
    lower_ends = column(tables["balance_distribution"], "from")
    assert lower_ends == sorted(lower_ends)


def test_quantiles_are_close_to_the_exact_ones(tables: Tables) -> None:
    amount = next(row for row in tables["quantiles"] if row["measure"] == "amount")
    exact = np.quantile([float(row["amount"]) for row in ROWS], [0.05, 0.5], method="inverted_cdf")
    assert [amount["p5"], amount["p50"]] == pytest.approx(exact.tolist(), rel=0.003)


def test_a_quantile_that_few_rows_lie_beyond_is_left_out(tables: Tables) -> None:
    amount = next(row for row in tables["quantiles"] if row["measure"] == "amount")
    assert [amount["p1"], amount["p99"]] == [None, None]


@pytest.mark.slow
def test_few_missing_values_and_conflicts_are_hidden(spark: SparkSession) -> None:
    cleaned = cleaned_frame(spark, [{"balance": None}] * 5 + [{}] * 20)
    quarantined = spark.createDataFrame([], QUARANTINED_TRANSACTIONS.ddl)
    rfm = rfm_frame(spark, [{"frequency": 2, "identity_conflict": n < 3} for n in range(12)])
    found = explore(count(cleaned), quarantined, rfm)
    missing = {row["column"]: row["missing"] for row in found["missing_values"]}
    assert missing["balance"] is None
    assert missing["gender"] in (0, 25)
    assert found["overview"][0]["identity_conflict_share_of_repeat"] is None
    assert found["overview"][0]["repeat_customers"] == 12


@pytest.mark.parametrize(
    ("customers", "rows"),
    [({1: 100}, 11), ({1: 100, 6: 3}, 26), ({500: 1, 2: 1000}, 519), ({3: 2}, 7), ({}, 1)],
)
def test_cell_needs_more_rows_than_ten_customers_have(customers: dict[int, int], rows: int) -> None:
    assert fewest_rows(customers) == rows


def test_a_combined_flag_counts_for_each_part(tables: Tables) -> None:
    assert tables["outliers"] == [
        {"flag": "amount_high", "rows": 21, "share": 21 / len(ROWS)},
        {"flag": "balance_low", "rows": 21, "share": 21 / len(ROWS)},
    ]


def test_correlations_use_rows_that_have_both_values(tables: Tables) -> None:
    pairs = {(row["a"], row["b"]): row["pearson"] for row in tables["correlations"]}
    assert len(pairs) == 6
    both = [row for row in ROWS if row["balance"] is not None]
    amounts = np.log1p([float(row["amount"]) for row in both])
    balances = np.log1p([float(row["balance"]) for row in both])
    expected = np.corrcoef(amounts, balances)[0, 1]  # logarithms are counted in thousandths
    assert pairs["log_amount", "log_balance"] == pytest.approx(
        expected, abs=1e-5
    )  # logarithms in thousandths


def test_quarantined_rows_are_counted_by_reason(tables: Tables) -> None:
    assert tables["quarantine_reasons"] == [
        {"disposition": "duplicate", "reason": "duplicate", "rows": None},
        {"disposition": "quarantined", "reason": "invalid_amount", "rows": 13},
    ]


def test_customers_are_counted_by_their_transactions(tables: Tables) -> None:
    assert tables["frequencies"] == [
        {"frequency": 1, "customers": 24},
        {"frequency": 2, "customers": 36},
    ]


@pytest.fixture(scope="module")
def signed(spark: SparkSession) -> Tables:
    """40 customers: half have an overdraft and refunds, none a gender, all on one day."""
    rows = [
        {
            "customer_id": f"C{number}",
            "amount": Decimal(-100 if number % 2 else 100),
            "balance": Decimal(-5000 if number % 2 else 5000),
            **dict.fromkeys(("gender", "location", "birth_date")),
        }
        for number in range(40)
    ]
    quarantined = spark.createDataFrame([], QUARANTINED_TRANSACTIONS.ddl)
    return explore(count(cleaned_frame(spark, rows)), quarantined, rfm_frame(spark, [{}] * 40))


@pytest.mark.slow
def test_money_below_zero_has_bars_quantiles_and_correlations(signed: Tables) -> None:
    assert [row["rows"] for row in signed["balance_distribution"]] == [20, 20]
    below, above = column(signed["balance_distribution"], "from")
    assert -5600 < below <= -5000 < 4500 < above <= 5000
    quantiles = {row["measure"]: row for row in signed["quantiles"]}
    assert quantiles["amount"]["p50"] == pytest.approx(-100, rel=0.003)
    assert quantiles["balance"]["p75"] is None  # ten rows lie beyond it
    pairs = {(row["a"], row["b"]): row["pearson"] for row in signed["correlations"]}
    assert pairs["log_amount", "log_balance"] == pytest.approx(1.0)
    assert pairs["log_amount", "age"] is None
    assert pairs["log_amount", "hour"] is None


def test_undelivered_column_is_missing_and_has_no_table(signed: Tables) -> None:
    missing = {row["column"]: row["share"] for row in signed["missing_values"]}
    assert missing == {"birth_date": 1.0, "gender": 1.0, "location": 1.0, "balance": 0.0}
    assert signed["genders"] == signed["locations"] == signed["age_distribution"] == []
    assert column(signed["transactions_by_day"], "rows") == [40]


@pytest.mark.slow
def test_an_empty_column_of_few_rows_is_known_to_be_empty(spark: SparkSession) -> None:
    quarantined = spark.createDataFrame([], QUARANTINED_TRANSACTIONS.ddl)
    rows = [{"balance": None, "gender": None if n else "F"} for n in range(3)]
    found = explore(count(cleaned_frame(spark, rows)), quarantined, rfm_frame(spark, [{}] * 3))
    shares = {row["column"]: row["share"] for row in found["missing_values"]}
    assert (shares["balance"], shares["gender"]) == (1.0, None)


@pytest.mark.slow
def test_fewer_than_eleven_customers_show_no_sums(spark: SparkSession) -> None:
    rows = [{"amount": Decimal(n), "balance": Decimal(n * n)} for n in range(1, 9)]
    quarantined = spark.createDataFrame([], QUARANTINED_TRANSACTIONS.ddl)
    found = explore(count(cleaned_frame(spark, rows)), quarantined, rfm_frame(spark, [{}] * 8))
    assert found["overview"][0]["customers"] == 8
    assert found["overview"][0]["amount_total"] is None
    assert set(column(found["correlations"], "pearson")) == {None}


@pytest.mark.slow
@pytest.mark.parametrize("n_rows", [0, 40])
def test_zero_amounts_or_no_rows_fail_no_run(spark: SparkSession, n_rows: int) -> None:
    rows = [{"amount": Decimal(0), "balance": Decimal(0)}] * n_rows
    quarantined = spark.createDataFrame([], QUARANTINED_TRANSACTIONS.ddl)
    found = explore(count(cleaned_frame(spark, rows)), quarantined, rfm_frame(spark, [{}] * n_rows))
    assert set(column(found["correlations"], "pearson")) == {None}
    assert column(found["amount_distribution"], "from") == [0.0] * bool(n_rows)
    json.dumps(found, allow_nan=False)


@pytest.mark.slow
def test_a_table_in_which_nothing_varies_has_no_correlation(spark: SparkSession) -> None:
    """One row, or many equal ones, must not fail the run."""
    quarantined = spark.createDataFrame([], QUARANTINED_TRANSACTIONS.ddl)
    found = explore(
        count(cleaned_frame(spark, [{}, {}])), quarantined, rfm_frame(spark, [{"frequency": 2}])
    )
    assert set(column(found["correlations"], "pearson")) == {None}
    assert found["locations"] == found["outliers"] == found["quarantine_reasons"] == []


def directed(spark: SparkSession, paid: int) -> Tables:
    """The report of 30 customers' spending, `paid` salaries and a row of unknown direction."""
    spending = [{"amount": Decimal(5), "direction": "spending", "location": "PUNE"}] * 60
    income = [{"amount": Decimal(1000), "direction": "income", "location": "GOA"}] * 40
    unknown = [{"amount": Decimal(7), "direction": None}]
    rfm = [{"frequency": 2, "income": Decimal(1000 if n < paid else 0)} for n in range(30)]
    return explore(
        count(cleaned_frame(spark, [*spending, *income, *unknown]), has_direction=True),
        spark.createDataFrame([], QUARANTINED_TRANSACTIONS.ddl),
        rfm_frame(spark, rfm),
        has_direction=True,
    )


@pytest.mark.slow
def test_explore_states_income_apart(spark: SparkSession) -> None:
    found = directed(spark, paid=20)
    assert found["directions"] == [
        {"direction": "spending", "rows": 60, "amount": 300.0},
        {"direction": "income", "rows": 40, "amount": 40_000.0},
        {"direction": "unknown", "rows": None, "amount": None},  # one row is one person
    ]
    assert found["overview"][0]["transactions"] == 61
    assert found["overview"][0]["amount_total"] == 307.0
    assert column(found["locations"], "location") == ["PUNE"]
    assert sum(column(found["amount_distribution"], "rows")) == 60


@pytest.mark.slow
def test_income_of_few_customers_is_hidden(spark: SparkSession) -> None:
    for paid in (0, 10):
        (_, income, _) = directed(spark, paid)["directions"]
        assert income == {"direction": "income", "rows": None, "amount": None}


@pytest.mark.slow
def test_explore_takes_delivered_ages(spark: SparkSession) -> None:
    rows = [{"age": 40 if n < 60 else None, "birth_date": None} for n in range(90)]
    found = explore(
        count(cleaned_frame(spark, rows), has_age=True),
        spark.createDataFrame([], QUARANTINED_TRANSACTIONS.ddl),
        rfm_frame(spark, [{"frequency": 2}] * 45),
        has_age=True,
    )
    assert column(found["age_distribution"], "age") == [40]
    missing = {row["column"]: row["missing"] for row in found["missing_values"]}
    assert missing == {"age": 30, "gender": 0, "location": 0, "balance": 0}
    assert "directions" not in found
