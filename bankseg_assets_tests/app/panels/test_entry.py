"""Tests of reading the form's values."""

import pytest

from app.panels.entry import Reader
from app.panels.typed import Notation
from app.widgets.numbers import Numbers
from bankseg_assets.presentation.formatting import LAKH
from bankseg_assets_tests.small_model import INPUTS, small_model

RECENCY, FREQUENCY, MONETARY, _ = INPUTS
SEEN = {"recency": (1.0, 82.0), "frequency": (1.0, 5.0), "monetary": (0.0, 490_000.0)}


def reader(decimal: str = ".", **changes: object) -> Reader:
    changes = {"snapshot_date": "2016-10-22", "observed": SEEN} | changes
    return Reader(small_model(**changes), Notation(decimal), Numbers("INR", LAKH))


def test_empty_text_is_unknown() -> None:
    found = reader().read(MONETARY, "  ")
    assert (found.value, found.echo, found.problem) == (None, "", "")


def test_amount_is_echoed_in_the_banks_notation() -> None:
    assert reader().read(MONETARY, "1,23,456").echo == "INR 1,23,456"
    assert reader(",").read(MONETARY, "123.456,50").echo == "INR 1.23.456,50"
    assert reader(",").range(MONETARY) == "In the data: 0 to 4.90.000 INR."


def test_date_is_read_as_days() -> None:
    found = reader().read(RECENCY, "1 September 2016")
    assert (found.value, found.echo) == (51, "1 September 2016, 51 days before the snapshot")
    assert reader().range(RECENCY) == "In the data: 1 August 2016 to 21 October 2016."
    assert reader().label(RECENCY) == "Date of the last transaction"
    assert reader(direction_known=True).label(RECENCY) == "Date of the last spending transaction"


def test_days_are_read_without_a_snapshot_date() -> None:
    assert reader(snapshot_date="").read(RECENCY, "12").value == 12
    assert reader(snapshot_date="").label(RECENCY) == "Days"


def test_value_outside_the_accepted_range_is_refused() -> None:
    assert reader().read(FREQUENCY, "0").problem == "Number must be from 1 to 50 times; found 0."
    assert reader(observed={}).range(FREQUENCY) == "From 1 to 50 times."


@pytest.mark.parametrize("text", ["1.5", "one", "1e1"])
def test_count_must_be_a_whole_number(text: str) -> None:
    found = reader().read(FREQUENCY, text)
    assert found.value is None
    assert text in found.problem
