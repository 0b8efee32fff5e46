"""Tests of the segment profile tables."""

from app.panels.profiles import overview, profile, rule_sentence
from app.widgets.numbers import Numbers
from bankseg_assets.scoring.bundle import bundle_from
from bankseg_assets_tests.app.publishing import model

SEGMENTS = bundle_from(model()).segments


def test_overview_has_a_row_per_segment() -> None:
    assert overview(SEGMENTS).to_dict("records")[1] == {
        "Segment": "Frequent spenders",
        "Customers": "30.0%",
        "Money": "40.0%",
        "Money per customer (100 = average)": "133",
    }


def test_profile_shows_units_and_unknown_values() -> None:
    assert profile(SEGMENTS[2], Numbers("INR")).to_numpy().tolist() == [
        ["Number of transactions", "1", "70"],
        ["Average amount", "INR 6,000", "600"],
        ["Age", "—", "—"],
    ]


def test_profile_includes_the_customers_values() -> None:
    shown = profile(SEGMENTS[2], Numbers("INR"), {"average_amount": 1250.75})
    assert shown["Customer"].tolist() == ["—", "INR 1,250.75", "—"]


def test_rule_sentence_has_coverage_and_exclusivity() -> None:
    rule = {"rule": "one transaction", "coverage": 0.931, "exclusivity": 0.5}
    assert rule_sentence(SEGMENTS[0].model_copy(update=rule)) == (
        "**Rule: one transaction.** 93.1% of the segment meet it; of all customers who meet it, "
        "50.0% are in the segment."
    )
