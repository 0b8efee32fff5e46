"""Tests of the tables of deliveries and row outcomes."""

from collections import Counter
from typing import Literal

from app.panels.deliveries import balance, reason_bars, reasons_table, rejection_reasons
from app.widgets.numbers import Numbers
from bankseg_assets.landing.ledger import Delivery
from bankseg_assets.presentation.formatting import LAKH


def test_reasons_table_has_words_and_hides_small_counts() -> None:
    excluded = Counter(
        {("quarantined", "conflicting_duplicate"): 5888, ("duplicate", "same_content"): 3}
    )
    assert reasons_table(581994, excluded, Numbers("INR", LAKH)).to_numpy().tolist() == [
        ["Kept", "", "5,81,994"],
        ["Quarantined", "Conflicting duplicate", "5,888"],
        ["Duplicate", "Same content", "<11"],
    ]


def test_rejection_reasons_are_in_full() -> None:
    def delivery(day: int, reason: str) -> Delivery:
        status: Literal["accepted", "rejected"] = "rejected" if reason else "accepted"
        return Delivery(str(day), "a.csv", status, reason, 1, 1, "run", f"2016-10-2{day}")

    deliveries = [
        delivery(day, reason) for day, reason in enumerate(("1st", "2nd", "", "3rd", "4th"))
    ]
    assert rejection_reasons(deliveries) == ["4th", "3rd", "2nd"]


def test_balance_of_the_rows_is_an_equation() -> None:
    none: Counter[tuple[str, str]] = Counter()
    rupees = Numbers("INR", LAKH)
    assert balance(1_048_567, none, rupees) == (
        "10,48,567 in = 10,48,567 kept + 0 quarantined + 0 duplicates"
    )
    excluded = Counter({("quarantined", "invalid_amount"): 60, ("duplicate", "duplicate"): 40})
    assert balance(900, excluded, rupees) == "1,000 in = 900 kept + 60 quarantined + 40 duplicates"


def test_reason_bars_hide_small_counts() -> None:
    excluded = Counter({("quarantined", "invalid_amount"): 60, ("duplicate", "duplicate"): 3})
    (bars,) = reason_bars(excluded, Numbers()).data
    assert (list(bars.x), list(bars.text)) == ([60, 0], ["60", "<11"])
