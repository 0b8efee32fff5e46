"""What became of the rows that came, in words."""

from collections import Counter
from typing import Literal

from app.panels.deliveries import reasons_table, why_rejected
from app.widgets.numbers import Numbers
from bankseg_assets.landing.ledger import Delivery
from bankseg_assets.presentation.formatting import LAKH


def test_a_reason_is_told_in_words_and_a_few_rows_are_not_counted() -> None:
    aside = Counter(
        {("quarantined", "conflicting_duplicate"): 5888, ("duplicate", "same_content"): 3}
    )
    assert reasons_table(581994, aside, Numbers("INR", LAKH)).to_numpy().tolist() == [
        ["Kept", "", "5,81,994"],
        ["Quarantined", "Conflicting duplicate", "5,888"],
        ["Duplicate", "Same content", "<11"],
    ]


def test_the_last_reasons_are_told_in_full() -> None:
    def delivery(day: int, reason: str) -> Delivery:
        status: Literal["accepted", "rejected"] = "rejected" if reason else "accepted"
        return Delivery(str(day), "a.csv", status, reason, 1, 1, "run", f"2016-10-2{day}")

    told = [delivery(day, reason) for day, reason in enumerate(("1st", "2nd", "", "3rd", "4th"))]
    assert why_rejected(told) == ["4th", "3rd", "2nd"]
