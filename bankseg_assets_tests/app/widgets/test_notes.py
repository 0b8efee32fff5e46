"""Tests of the doubt about repeat customers."""

import pytest

from app.widgets.notes import doubt_about_repeat


@pytest.mark.parametrize("share", [None, 0.0, 0.1])
def test_no_doubt_while_few_rows_disagree(share: float | None) -> None:
    assert not doubt_about_repeat({"identity_conflict_share_of_repeat": share})
    assert not doubt_about_repeat({})


def test_doubt_has_the_share_and_what_to_do() -> None:
    found = doubt_about_repeat({"identity_conflict_share_of_repeat": 0.93})
    assert "93.0% have rows that disagree" in found
    assert "set `customer_key` in the contract" in found
