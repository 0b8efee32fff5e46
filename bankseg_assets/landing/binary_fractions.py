"""Round amounts that were computed in doubles to the currency's decimals, and count them.

The last digits of a double are an artefact: 2208.9599999999996 stands for 2208.96. A column of
doubles with more decimals (a product of a price and a rate) is rounded too, because a double
declares no number of decimals. In text and in a decimal type the sender chose the digits, so
cleaning quarantines them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.contracts.delivery import MONEY_COLUMNS, ColumnRule, DeliveryContract
from bankseg_assets.contracts.tables import MONEY_DECIMALS
from bankseg_assets.contracts.value_ranges import BINARY_NOISE

_EITHER = ("debit", "credit")
"""The columns that may replace an amount."""
_FEWEST_DIGITS = 15
"""Shorter texts have no noise: a double is exact to this many digits."""


@dataclass(frozen=True)
class Rounded:
    """The number of values of a column that were rounded."""

    column: str
    """As in the file's header."""
    noise: int = 0
    """Values rounded by less than the error of a few operations on doubles."""
    decimals: int = 0
    """Values rounded by more: they had more decimals than the currency."""

    @property
    def is_any(self) -> bool:
        """Whether any value was rounded."""
        return bool(self.noise or self.decimals)


def money_in(contract: DeliveryContract) -> list[str]:
    """Return the money columns of the contract whose values are rounded.

    Excludes columns in a row's own currency, which may have more decimals than the contract's, and
    prices, which may have more than an amount.
    """
    currency = contract.columns.get("currency")
    converted = currency.converts if currency else ()
    if "amount" in converted:
        converted = (*converted, *_EITHER)
    found = (*MONEY_COLUMNS, *_EITHER)
    return [name for name in found if name in contract.columns and name not in converted]


def round_doubles(
    text: pa.Array, kind: pa.DataType, column: str, decimals: int = MONEY_DECIMALS
) -> tuple[pa.Array, Rounded]:
    """Round plain numbers with a point, written from doubles or shorter floats.

    `decimals`: the currency's number of decimals.
    """
    is_long = pc.fill_null(pc.match_substring_regex(text, rf"[.][0-9]{{{decimals + 1}}}"), False)
    if not pc.any(is_long).as_py():
        return text, Rounded(column)
    # A shorter float has fewer digits and more noise.
    precision = BINARY_NOISE * float(np.finfo(kind.to_pandas_dtype()).eps / np.finfo(float).eps)
    values = [Decimal(number) for number in text.filter(is_long).to_pylist()]
    rounded = [_rounded(value, decimals) for value in values]
    # In a currency without decimals, 500.0 has one digit too many, but is not rounded.
    changed = [pair for pair in zip(values, rounded, strict=True) if pair[0] != pair[1]]
    noise = sum(_is_noise(*pair, precision) for pair in changed)
    plain = pa.array([f"{value:f}" for value in rounded], pa.string())
    found = Rounded(column, noise, len(changed) - noise)
    return pc.replace_with_mask(text, is_long, plain), found


def count_noise(text: pa.ChunkedArray, rule: ColumnRule, decimals: int = MONEY_DECIMALS) -> Rounded:
    """Count what `money_text` rounds in a text column, among numbers without a sign."""
    longest = pc.max(pc.binary_length(text)).as_py() or 0
    if longest <= _FEWEST_DIGITS:  # the usual case: no value is inspected
        return Rounded(rule.title)
    pattern = rf"^\s*-?[0-9]+[{rule.decimal_separator}][0-9]{{{decimals + 1},20}}\s*$"
    is_long = pc.and_(
        pc.match_substring_regex(text, pattern),
        pc.greater(pc.binary_length(text), _FEWEST_DIGITS),
    )
    numbers = text.filter(pc.fill_null(is_long, False)).to_pylist()
    values = [Decimal(number.strip().replace(",", ".")) for number in numbers]
    pairs = [(value, _rounded(value, decimals)) for value in values]
    changed = [pair for pair in pairs if pair[0] != pair[1]]
    # As in `money_text`: a digit that a person wrote is not noise.
    most = Decimal(1).scaleb(-decimals - 2)
    near = [pair for pair in changed if abs(pair[0] - pair[1]) < most]
    return Rounded(rule.title, noise=sum(_is_noise(*pair, BINARY_NOISE) for pair in near))


def add_up(found: Iterable[Rounded]) -> tuple[Rounded, ...]:
    """Return one count per column, without columns in which nothing was rounded."""
    totals: dict[str, Rounded] = {}
    for one in found:
        so_far = totals.get(one.column, Rounded(one.column))
        totals[one.column] = replace(
            so_far, noise=so_far.noise + one.noise, decimals=so_far.decimals + one.decimals
        )
    return tuple(total for total in totals.values() if total.is_any)


def _rounded(value: Decimal, decimals: int) -> Decimal:
    """Round half away from zero, as SQL and spreadsheets do."""
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _is_noise(value: Decimal, rounded: Decimal, precision: float) -> bool:
    return float(abs(value - rounded)) <= float(abs(value)) * precision
