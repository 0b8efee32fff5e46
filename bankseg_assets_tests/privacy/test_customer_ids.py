"""IDs are normalised as cleaning does it, and found in columns of any type."""

import pyarrow as pa
import pytest

from bankseg_assets.contracts.delivery import ColumnRule
from bankseg_assets.privacy.customer_columns import rows_of
from bankseg_assets.privacy.customer_ids import IsOne, KnownIds, normalised

RULE = ColumnRule("id")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" C1\t", "C1"),
        ("\u200bC1\ufeff", "C1"),
        ("17850.0", "17850"),
        ("17850.00", "17850.00"),
        ("007", "007"),
        ("a b", "a b"),
        ("", ""),
    ],
)
def test_id_is_normalised_as_by_cleaning(text: str, expected: str) -> None:
    assert normalised(text, RULE) == expected


def test_pattern_may_require_the_decimals() -> None:
    assert normalised("17850.0", ColumnRule("id", pattern=r"\d+\.0")) == "17850.0"


@pytest.mark.parametrize("is_one", [KnownIds(["1", "C1"]), {"1", "C1"}.__contains__])
@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array(["C1", " C1 ", None, "C12", "1.0"]), [True, True, False, False, True]),
        (pa.array([1, 2, None]), [True, False, False]),
        (pa.array([], pa.string()), []),
    ],
)
def test_rows_of_the_customers_are_found(
    column: pa.Array, expected: list[bool], is_one: IsOne
) -> None:
    found = rows_of(pa.chunked_array([column]), is_one, RULE)
    assert found.to_pylist() == expected
