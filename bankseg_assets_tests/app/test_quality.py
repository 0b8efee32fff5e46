"""Measures of quality as people read them."""

from app.numbers import Numbers
from app.quality import reliability_table


def test_the_table_of_a_chart_has_its_words_and_shares() -> None:
    rows = [{"confidence": 0.515, "accuracy": 0.487, "customers": 1039}]
    assert reliability_table(rows, Numbers()).to_dict("records") == [
        {
            "How sure it says it is": "51.5%",
            "How often it is right": "48.7%",
            "Customers": "1,039",
        }
    ]
