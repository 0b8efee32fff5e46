"""Value ranges of a contract, with plausible defaults where it names no bound.

Cleaning quarantines values outside, and a check searches the written tables for them.
"""

from datetime import date
from decimal import Decimal

from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract
from bankseg_assets.contracts.tables import MONEY_DIGITS, money_scale

OLDEST_YEARS = 110
"""An older birth date is a mistake: the age is then unknown."""
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
"""Columns that may each be a transaction's amount, unconverted."""


def greatest_sum(decimals: int) -> Decimal:
    """Return the maximum of a money column; a customer's sum is clipped there.

    >>> greatest_sum(2)
    Decimal('9999999999999999.99')
    """
    return Decimal(10**MONEY_DIGITS - 1).scaleb(-money_scale(decimals))


def amount_range(contract: DeliveryContract) -> tuple[Decimal, Decimal]:
    """Return the range of amounts in the currency, whatever columns they come from.

    Bounds apply to the cleaned amount: positive for spending and income, after conversion.
    """
    ranges = [money_range(contract.columns[name]) for name in AMOUNTS if name in contract.columns]
    if not ranges:  # quantities and prices have their own bounds
        return -GREATEST_MONEY, GREATEST_MONEY
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def decimal_separator(contract: DeliveryContract) -> str:
    """Return the bank's decimal separator of amounts."""
    found = [
        contract.columns[name] for name in (*AMOUNTS, "unit_price") if name in contract.columns
    ]
    return found[0].decimal_separator if found else "."


def money_range(rule: ColumnRule) -> tuple[Decimal, Decimal]:
    """Return the minimum and maximum amount, in currency."""
    low, high = rule.minimum, rule.maximum
    return (
        low if isinstance(low, Decimal) else -GREATEST_MONEY,
        high if isinstance(high, Decimal) else GREATEST_MONEY,
    )


def first_day(rule: ColumnRule) -> date:
    """Return the first valid day of a transaction."""
    return rule.minimum if isinstance(rule.minimum, date) else EARLIEST_DAY


MOST_CONFLICTS = 0.10
"""The share of repeat customers whose rows may disagree in birth date or gender.

Above it, the key may not identify persons; the real file has over 90 %: its IDs are scrambled.
"""
