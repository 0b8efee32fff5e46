"""Tests of reading the form's values."""

from pathlib import Path

import pytest

from app.panels.entry import known
from bankseg_assets.scoring.bundle import InputError, load_bundle
from bankseg_assets_tests.app.publishing import publish


def test_known_leaves_out_unknown_inputs(data_dir: Path) -> None:
    bundle = load_bundle(publish(data_dir))
    assert known(bundle, {"frequency": 3, "monetary": None}) == {"frequency": 3}


def test_known_reports_every_value_outside_its_range(data_dir: Path) -> None:
    bundle = load_bundle(publish(data_dir))
    with pytest.raises(InputError) as error:
        known(bundle, {"frequency": 0, "monetary": 3_000_000.0})
    assert str(error.value) == (
        "Number of transactions must be from 1 to 500 transactions; found 0. Sum of the amounts "
        "must be from 0 to 2,000,000 INR; found 3,000,000."
    )
