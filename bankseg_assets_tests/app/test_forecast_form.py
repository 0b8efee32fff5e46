"""The forecast in the form for a new customer."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from bankseg_assets_tests.app.customers import MAIN
from bankseg_assets_tests.app.odd_models import ONE_SEGMENT
from bankseg_assets_tests.app.one_customer import customer_tables
from bankseg_assets_tests.app.publishing import publish
from bankseg_assets_tests.value.documents import value_document


def form(data_dir: Path, **values: str) -> AppTest:
    """Return the page with a model of recency alone, after a customer was entered."""
    publish(data_dir, customer_tables(), {"value_model": value_document()}, **ONE_SEGMENT)
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    page.switch_page("views/new_customer.py").run()
    page.text_input(key="input_recency").set_value("2016-10-21").run()
    for name, value in values.items():
        page.text_input(key=f"input_{name}").set_value(value)
    page.run()
    assert not page.exception, page.exception
    return page


def test_form_forecasts_days_of_a_history(data_dir: Path) -> None:
    """Spending has no forecast, because this model does not ask for it."""
    page = form(data_dir, first_day="2016-07-24", active_days="9")
    table = page.table[-1].value
    assert table["Next"].tolist() == ["30 days", "90 days", "365 days"]
    assert table["Money, INR"].tolist() == ["—"] * 3
    assert "Still active with a probability of" in " ".join(one.value for one in page.markdown)
    assert "better than both baselines" in " ".join(one.value for one in page.caption)
    next(one for one in page.button if one.label == "Next customer").click().run()
    page.text_input(key="input_recency").set_value("2016-10-21").run()
    assert page.text_input(key="input_first_day").value == ""


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"first_day": "2016-10-19", "active_days": "9"}, "there are 3 days; found 9"),
        ({"first_day": "2016-10-23", "active_days": "1"}, "is after the data"),
        ({"first_day": "2016-10-19", "active_days": "many"}, "is not a number"),
    ],
)
def test_form_says_what_is_wrong_with_a_history(
    data_dir: Path, values: dict[str, str], why: str
) -> None:
    assert why in form(data_dir, **values).error[-1].value
