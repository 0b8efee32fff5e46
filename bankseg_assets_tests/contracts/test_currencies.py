"""Facts about currencies."""

from dataclasses import replace

import pytest

from bankseg_assets.contracts.currencies import CODES, decimals, signs
from bankseg_assets.contracts.delivery import DeliveryContract


@pytest.mark.parametrize(
    ("number", "codes"),
    [
        (0, "JPY KRW VND CLP ISK UGX XAF XOF"),
        (2, "INR USD EUR GBP CHF HUF IDR COP MGA XAU"),
        (3, "KWD BHD OMR TND IQD JOD LYD"),
        (4, "CLF"),
    ],
)
def test_decimals_are_those_of_iso_4217(number: int, codes: str) -> None:
    assert {code: decimals(code) for code in codes.split()} == dict.fromkeys(codes.split(), number)


def test_every_currency_has_decimals_and_signs() -> None:
    assert {decimals(code) for code in CODES} == {0, 2, 3, 4}
    assert all(signs(code)[0] == code for code in CODES)


def test_a_contract_may_say_other_decimals() -> None:
    shipped = DeliveryContract()
    assert shipped.decimals == 2
    assert replace(shipped, currency="KWD").decimals == 3
    assert replace(shipped, currency="KWD", currency_decimals=0).decimals == 0
