"""Matching of columns to inputs."""

import pytest

from bankseg_assets.scoring.lists.column_matching import find_column, match_columns
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets_tests.scoring.lists.sample_lists import INPUTS


@pytest.mark.parametrize(
    "name",
    [
        *("frequency", "FREQUENCY", " Frequency ", "fre_quency"),
        *("Number of transactions", "NUMBER-OF-TRANSACTIONS", "number of transactions "),
        "Number of transactions (transactions)",
    ],
)
def test_column_match_ignores_case_and_blanks(name: str) -> None:
    found = match_columns(["id", name], INPUTS)
    assert found.columns == {"frequency": name}
    assert found.unknown == ("monetary",)
    assert found.alike == {}


def test_exact_name_wins_over_others_that_fit() -> None:
    names = ["Frequency", "frequency", "Number of transactions"]
    assert match_columns(names, INPUTS).columns == {"frequency": "frequency"}


def test_two_matching_columns_raise() -> None:
    names = ["Frequency", "Number of transactions"]
    with pytest.raises(ListError, match=r"could all be frequency.*frequency=Frequency"):
        match_columns(names, INPUTS)
    found = match_columns(names, INPUTS, {"frequency": "Number of transactions"})
    assert found.columns == {"frequency": "Number of transactions"}


@pytest.mark.parametrize("name", ["frequencies", "Num of transactions", "number_transactions"])
def test_similar_column_is_suggested_not_used(name: str) -> None:
    found = match_columns([name, "monetary"], INPUTS)
    assert found.columns == {"monetary": "monetary"}
    assert found.alike == {"frequency": name}


@pytest.mark.parametrize("name", ["currency", "transaction", "city", "branch"])
def test_column_of_another_name_is_not_suggested(name: str) -> None:
    assert match_columns([name, "monetary"], INPUTS).alike == {}


def test_input_given_as_unknown_is_not_matched() -> None:
    found = match_columns(["frequencies", "monetary"], INPUTS, {"frequency": ""})
    assert (found.unknown, found.alike) == (("frequency",), {})


def test_no_match_error_says_expected_and_similar_names() -> None:
    with pytest.raises(ListError) as refused:
        match_columns(["name", "frequenzy"], INPUTS)
    assert str(refused.value) == (
        "No column is an input of the model. Expected one or more of: frequency (Number of "
        "transactions), monetary (Sum of the amounts). Found: 'name', 'frequenzy'. "
        "Is 'frequenzy' frequency? Rename the columns, or assign them to inputs."
    )


def test_header_that_may_be_customer_is_not_repeated() -> None:
    with pytest.raises(ListError, match="2 names that may be values") as refused:
        match_columns(["C7305391", "1702.50"], INPUTS)
    assert "7305391" not in str(refused.value)


def test_another_delimiter_is_recognised_and_not_used() -> None:
    with pytest.raises(ListError, match="seems to be separated by ';'"):
        match_columns(["id;frequency;monetary"], INPUTS)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"age": "id"}, "'age' is not an input of the model"),
        ({"frequency": "count"}, "There is no column 'count'. There are: 'id', 'n'"),
        ({"frequency": "n", "monetary": "n"}, "'n' is given for two inputs"),
    ],
)
def test_given_column_must_exist(given: dict[str, str], message: str) -> None:
    with pytest.raises(ListError, match=message):
        match_columns(["id", "n"], INPUTS, given)


def test_column_match_accepts_any_spelling() -> None:
    assert find_column("customer_id", ["x", "CustomerID"]) == "CustomerID"
    assert find_column("customer_id", ["Customer ID", "customer_id"]) == "customer_id"
    assert find_column("customer_id", ["id"]) == ""
    with pytest.raises(ListError, match="Rename all but one"):
        find_column("customer_id", ["CustomerID", "Customer Id"])
