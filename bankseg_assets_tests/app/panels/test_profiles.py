"""The tables of the segments' profiles."""

from app.panels.profiles import overview, profile, rule_sentence
from app.widgets.numbers import Numbers
from bankseg_assets_tests.app.publishing import model

SEGMENTS = model()["segments"]


def test_the_overview_has_a_row_for_each_segment() -> None:
    assert overview(SEGMENTS).to_dict("records")[1] == {
        "Segment": "Frequent spenders",
        "Customers": "30.0%",
        "Money": "40.0%",
        "Money per customer (100 = average)": "133",
    }


def test_a_profile_writes_units_and_leaves_unknown_numbers_open() -> None:
    assert profile(SEGMENTS[2], Numbers("INR")).to_numpy().tolist() == [
        ["Number of transactions", "1", "70"],
        ["Average amount", "INR 6,000", "600"],
        ["Age", "—", "—"],
    ]


def test_a_profile_puts_the_customer_beside_the_segment() -> None:
    shown = profile(SEGMENTS[2], Numbers("INR"), {"average_amount": 1250.75})
    assert shown["Customer"].tolist() == ["—", "INR 1,250.75", "—"]


def test_a_rule_is_told_with_its_exactness() -> None:
    rule = {"rule": "one transaction", "coverage": 0.931, "exclusivity": 0.5}
    assert rule_sentence(rule) == (
        "**Rule: one transaction.** It holds for 93.1% of the segment; of all customers whom it "
        "holds for, 50.0% are in the segment."
    )
