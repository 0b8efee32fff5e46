"""Tests of documents as tables."""

from app.widgets.documents import readable
from app.widgets.numbers import Numbers
from bankseg_assets.presentation.formatting import LAKH


def test_readable_formats_values_by_type() -> None:
    values = {
        "first_day": "2016-08-01",
        "transactions": 581994,
        "share_of_repeat": 0.5844,
        "is_demo_data": False,
        "conflicts": None,
        "currency": "INR",
        "nested": {},
    }
    found = readable(values, {"is_demo_data": "Demo data"}, Numbers("INR", LAKH))
    assert found.to_numpy().tolist() == [
        ["First day", "1 August 2016"],
        ["Transactions", "5,81,994"],
        ["Share of repeat", "58.4%"],
        ["Demo data", "no"],
        ["Conflicts", "not known"],
        ["Currency", "INR"],
    ]
