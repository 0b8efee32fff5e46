"""Reported counts are rounded to ten; flows of one to ten are hidden, with their money."""

from decimal import Decimal

from bankseg_assets.migration.flows import BOTH, CUSTOMER, MODEL, CustomerPath, flows
from bankseg_assets.migration.report import matrix, summary

OLD, NEW = ("Big", "Small"), ("Large", "Little")


def paths(few: int = 7, money: str = "70") -> list[CustomerPath]:
    return [
        CustomerPath(0, 0, 0, 1_003, Decimal("5_010_000")),
        CustomerPath(0, 1, 1, 104, Decimal("1_040")),
        CustomerPath(1, 1, 1, 2_000, Decimal("20_000.55")),
        CustomerPath(1, 1, 0, few, Decimal(money)),
        CustomerPath(None, 1, 1, 50, Decimal("500")),
        CustomerPath(1, None, None, 4, Decimal("8")),
    ]


def test_summary_separates_customer_and_model_moves() -> None:
    assert summary(flows(paths(), OLD, NEW, (0, 1)), "INR").splitlines() == [
        "|  | customers | share | INR |",
        "|---|---:|---:|---:|",
        "| stayed (new data, old model) | 3,010 | 96.7% | 5.03M |",
        "| the customer moved (new data, old model) | 100 | 3.2% | 1.04k |",
        "| the model moved (same data, new model) | <11 | - | - |",
        "| moved, both together | 110 | 3.5% | 1.11k |",
        "| new | 50 | 1.6% | 500 |",
        "| gone | <11 | - | - |",
    ]


def test_matrix_has_customers_and_money_of_each_flow() -> None:
    assert matrix(flows(paths(), OLD, NEW, (0, 1)), CUSTOMER, "INR").splitlines() == [
        "| from, to: customers (INR) | Big | Small | gone |",
        "|---|---:|---:|---:|",
        "| Big | 1,000 (5.01M) | 100 (1.04k) | 0 |",
        "| Small | 0 | 2,010 (20.1k) | <11 |",
        "| new | 0 | 50 (500) | 0 |",
    ]


def test_gone_customers_are_not_moved_by_model() -> None:
    assert matrix(flows(paths(), OLD, NEW, (0, 1)), MODEL, "INR").splitlines() == [
        "| from, to: customers (INR) | Large | Little |",
        "|---|---:|---:|",
        "| Big | 1,000 (5.01M) | 0 |",
        "| Small | <11 | 2,150 (21.5k) |",
    ]


def test_counts_of_one_to_ten_read_alike() -> None:
    pages = {
        matrix(flows(paths(few, str(10 * few)), OLD, NEW, (0, 1)), BOTH, "INR")
        for few in range(1, 11)
    }
    assert len(pages) == 1
    assert "| Small | <11 | 2,000 (20k) | <11 |" in pages.pop()


def test_summary_without_customers_has_no_share() -> None:
    text = summary([], "INR")
    assert "| gone | 0 | - | 0 |" in text
