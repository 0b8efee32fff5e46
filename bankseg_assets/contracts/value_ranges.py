"""Which values a contract allows, and which are plausible where it names no bound.

Cleaning quarantines what is outside, and a check looks for it in what was written.
"""

from datetime import date
from decimal import Decimal

from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract
from bankseg_assets.contracts.tables import MONEY_DIGITS, money_scale

OLDEST_YEARS = 110
"""A birth date that makes its owner older is a slip: the age is unknown then."""
EARLIEST_DAY = date(1900, 1, 1)
"""Year 16 typed as 1016, or the zero of some program: no transaction is older than this."""
GREATEST_MONEY = Decimal(10) ** 14
"""USD 4 billion even in Vietnamese dong or Indonesian rupiah, whose unit is among the smallest.

Fillers such as 999999999999999 are above it. A contract may name another bound (of 15 digits).
"""
BINARY_NOISE = 8 * 2.0**-52
"""Of an amount, what a few operations on doubles add to it: 2208.9599999999996 is 2208.96.

Relative; 2**-52 is the distance of 1 to the next double. A digit that someone wrote is farther off,
up to 10^11 with three decimals.
"""
AMOUNTS = ("amount", "debit", "credit")
"""Columns of which each may be a transaction's amount as it stands."""


def greatest_sum(decimals: int) -> Decimal:
    """Return the most that a column of money can hold; a customer's sum is cut there.

    >>> greatest_sum(2)
    Decimal('9999999999999999.99')
    """
    return Decimal(10**MONEY_DIGITS - 1).scaleb(-money_scale(decimals))


def amount_range(contract: DeliveryContract) -> tuple[Decimal, Decimal]:
    """Return the least and the greatest amount in the currency, whatever columns it comes from.

    Bounds are of the cleaned amount: positive for spending and for income, after conversion.
    """
    ranges = [money_range(contract.columns[name]) for name in AMOUNTS if name in contract.columns]
    if not ranges:  # the bounds of quantities and prices are their own
        return -GREATEST_MONEY, GREATEST_MONEY
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def decimal_separator(contract: DeliveryContract) -> str:
    """Return what the bank writes before the decimals of an amount."""
    found = [
        contract.columns[name] for name in (*AMOUNTS, "unit_price") if name in contract.columns
    ]
    return found[0].decimal_separator if found else "."


def money_range(rule: ColumnRule) -> tuple[Decimal, Decimal]:
    """Return the least and the greatest amount, in currency."""
    low, high = rule.minimum, rule.maximum
    return (
        low if isinstance(low, Decimal) else -GREATEST_MONEY,
        high if isinstance(high, Decimal) else GREATEST_MONEY,
    )


def first_day(rule: ColumnRule) -> date:
    """Return the first day that a transaction may have."""
    return rule.minimum if isinstance(rule.minimum, date) else EARLIEST_DAY
