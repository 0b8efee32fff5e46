"""Error sentences for invalid input values, shared by form, API and lists."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.presentation.formatting import LAKH
from bankseg_assets.scoring.inputs import asked_of, columns_of, no_input, problem, range_of
from bankseg_assets_tests.scoring.lists.sample_lists import (
    FREQUENCY,
    GENDER,
    INPUTS,
    MONETARY,
    bundle,
)

EXPECTED = "Number of transactions must be from 1 to 500 transactions; found {}."


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (0, "0"),
        (501.5, "501.50"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (10**400, "a number of more than 300 digits"),
        ("2", "'2'"),
        ("a\nb", r"'a\nb'"),
        ("x" * 1000, f"'{'x' * 40}…'"),
        (True, "true"),
        (None, "nothing"),
        ([2], "a list or an object"),
    ],
)
def test_refusal_says_expected_and_found_value(value: object, found: str) -> None:
    assert problem(FREQUENCY, value) == EXPECTED.format(found)


@pytest.mark.parametrize("value", [1, 500, 2.0])
def test_number_in_range_is_valid(value: float) -> None:
    assert problem(FREQUENCY, value) == ""


def test_fraction_of_count_is_invalid() -> None:
    """There is not such a thing as 1.5 transactions; an amount may have decimals."""
    assert problem(FREQUENCY, 1.5) == (
        "Number of transactions must be a whole number from 1 to 500 transactions; found 1.50."
    )
    assert problem(MONETARY, 1.5) == ""


def test_text_is_valid_for_text_input() -> None:
    assert problem(GENDER, "F") == ""
    assert problem(GENDER, 1) == "Gender must be a text; found 1."
    columns, problems = columns_of([GENDER], [{"gender": "F"}, {}, {"gender": 1}])
    assert columns["gender"].tolist() == ["F", None, None]
    assert problems == ["", "", problem(GENDER, 1)]


def test_absent_or_null_value_is_unknown() -> None:
    columns, problems = columns_of(INPUTS, [{"frequency": 2}, {"frequency": None}, {}])
    assert problems == ["", "", ""]
    assert str(columns["frequency"].tolist()) == "[2.0, nan, nan]"
    assert str(columns["monetary"].tolist()) == "[nan, nan, nan]"


def test_invalid_customer_has_no_inputs() -> None:
    columns, problems = columns_of(INPUTS, [{"frequency": 2, "monetary": -1}, {"frequency": 3}])
    assert problems == [problem(MONETARY, -1), ""]
    assert str(columns["frequency"].tolist()) == "[nan, 3.0]"


def test_unknown_input_name_is_refused() -> None:
    _, problems = columns_of(INPUTS, [{"monetery": 5}])
    assert problems == [
        "'monetery' is not an input of the model (is it monetary?); expected frequency, monetary."
    ]
    assert "(is it" not in no_input("shoe size", ["frequency"])


def test_many_unknown_names_give_short_answer() -> None:
    _, (message,) = columns_of(INPUTS, [{f"name {number}": 1 for number in range(100_000)}])
    assert message.count("is not an input") == 3


@given(
    st.dictionaries(
        st.sampled_from(["frequency", "monetary", "strange"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.none()),
    )
)
def test_any_json_value_is_number_or_error(customer: dict[str, object]) -> None:
    columns, (message,) = columns_of(INPUTS, [customer])
    known = {name for name, column in columns.items() if column[0] >= 0}
    given = {name for name, value in customer.items() if value is not None}
    assert known == (set() if message else given)


def test_numbers_use_notation_of_model() -> None:
    _, monetary = asked_of(replace(bundle(), number_format=LAKH))
    assert range_of(monetary) == "0 to 20,00,000 INR"
    assert problem(monetary, 3_000_000) == (
        "Sum of the amounts must be from 0 to 20,00,000 INR; found 30,00,000."
    )
    assert range_of(asked_of(bundle())[1]) == "0 to 2,000,000 INR"
