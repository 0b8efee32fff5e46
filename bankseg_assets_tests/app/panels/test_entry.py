"""What was entered is told with a sentence for each value that cannot be."""

from pathlib import Path

import pytest

from app.panels.entry import known
from bankseg_assets.scoring.bundle import InputError, load_bundle
from bankseg_assets_tests.app.publishing import publish


def test_what_is_not_known_is_left_out(data_dir: Path) -> None:
    bundle = load_bundle(publish(data_dir))
    assert known(bundle, {"frequency": 3, "monetary": None}) == {"frequency": 3}


def test_every_value_outside_its_range_has_its_sentence(data_dir: Path) -> None:
    bundle = load_bundle(publish(data_dir))
    with pytest.raises(InputError) as told:
        known(bundle, {"frequency": 0, "monetary": 3_000_000.0})
    assert str(told.value) == (
        "Number of transactions must be from 1 to 500 transactions; found 0. Sum of the amounts "
        "must be from 0 to 2,000,000 INR; found 3,000,000."
    )
