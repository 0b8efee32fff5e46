"""Plain documents are read as people read them."""

from app.widgets.documents import readable
from app.widgets.numbers import Numbers
from bankseg_assets.presentation.formatting import LAKH


def test_values_are_written_by_what_they_are() -> None:
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
