"""The ways of fitting and scoring that the benchmark compares."""

from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from bankseg_assets.customers.histories import histories
from bankseg_assets.value.gamma_gamma import Amounts
from bankseg_assets_tests.value.simulated import MONEY, PURCHASES, simulate
from tools.bench.value.customers import write_customers
from tools.bench.value.textbook import amounts_of_each, purchases_of_each


def test_textbook_has_the_likelihood_of_the_platform() -> None:
    some = simulate(500)
    one = some.patterns
    found = purchases_of_each(np.array(astuple(PURCHASES)), one.repeats, one.last, one.age)
    assert found.sum() == pytest.approx(PURCHASES.log_likelihood(one))
    days = one.repeats + 1
    amounts = Amounts(days, some.spent / days, np.ones(500))
    found = amounts_of_each(np.array(astuple(MONEY)), days, amounts.mean)
    assert found.sum() == pytest.approx(MONEY.log_likelihood(amounts))


def test_customers_of_the_benchmark_can_be_read(tmp_path: Path) -> None:
    write_customers(tmp_path / "customers", 500)
    found = histories(tmp_path / "customers")
    assert found.patterns.customers.sum() == 500
    assert found.amounts.customers.sum() == 500
    assert 200 < found.span <= 300
