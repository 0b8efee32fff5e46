"""Selection of the holdings file in use."""

from dataclasses import replace

from bankseg_assets.landing.ledger import Delivery
from bankseg_assets.products.current_delivery import holdings_in_use

TRANSACTIONS = Delivery("b" * 64, "bank.csv", "accepted", "", 9, 2, "r")
DEMO_TRANSACTIONS = replace(TRANSACTIONS, file_name="demo_transactions.csv")
JANUARY = replace(
    TRANSACTIONS, sha256="f" * 64, file_name="january.csv", taken_at="2024-02-01T00:00:00+00:00"
)
FEBRUARY = replace(JANUARY, sha256="a" * 64, file_name="february.csv")
DEMO = replace(JANUARY, sha256="d" * 64, file_name="demo_holdings.csv")


def test_last_ingested_file_replaces_others() -> None:
    later = replace(FEBRUARY, taken_at="2024-03-01T00:00:00+00:00")
    assert holdings_in_use([JANUARY, later], [TRANSACTIONS]) == later
    assert holdings_in_use([later, JANUARY], [TRANSACTIONS]) == later


def test_last_file_by_name_wins_within_run() -> None:
    assert holdings_in_use([JANUARY, FEBRUARY], [TRANSACTIONS]) == JANUARY


def test_rejected_file_replaces_nothing() -> None:
    rejected = replace(FEBRUARY, status="rejected", taken_at="2024-03-01T00:00:00+00:00")
    assert holdings_in_use([JANUARY, rejected], [TRANSACTIONS]) == JANUARY
    assert holdings_in_use([rejected], [TRANSACTIONS]) is None


def test_demo_holdings_count_for_demo_customers_alone() -> None:
    assert holdings_in_use([DEMO], [DEMO_TRANSACTIONS]) == DEMO
    assert holdings_in_use([DEMO], [DEMO_TRANSACTIONS, TRANSACTIONS]) is None
    assert holdings_in_use([DEMO, JANUARY], [DEMO_TRANSACTIONS]) == JANUARY


def test_no_file_gives_none() -> None:
    assert holdings_in_use([], [TRANSACTIONS]) is None
