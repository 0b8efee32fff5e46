"""Parse a column of a list to numbers or texts, and find empty and invalid cells."""

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.onboarding.amounts import amount_of, take_apart
from bankseg_assets.scoring.inputs import Column
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.stats.arrays import Array

Flags = npt.NDArray[np.bool_]

# `1,234` is over a thousand in one country and 1.234 in another, so the mark must be known.
_NUMBER = r"^-?(?:[0-9]+(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?$"
_GROUPS = r"[1-9][0-9]{{0,2}}(?:{by}[0-9]{{3}})+|[1-9][0-9]?(?:{by}[0-9]{{2}})+{by}[0-9]{{3}}"
_GROUPED = rf"^-?(?:{_GROUPS})(?:{{mark}}[0-9]*)?$"
_THOUSANDS = (",", ".", " ", "'", "\u00a0", "\u202f", "\u2009", "\u2019")
"""Separators of thousands, all but the decimal mark; also of lakhs (12,34,567)."""
LONGEST_AMOUNT = 60  # characters of a text with a currency


def numbers(
    column: Any, decimal: str, name: str, currencies: Collection[str] = ()
) -> tuple[Array, Flags]:
    """Return an Arrow column as doubles (n,), NaN for empty cells, and a mask of invalid ones.

    `decimal` is the decimal separator in text; the other separators may group digits.
    `currencies`: codes and signs that may stand beside a number. Raises ListError for a type that
    is neither numeric nor text.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if holds_text(column.type):
        return _from_text(column.cast(pa.string()), decimal, currencies)
    kind = column.type
    if not (_is_number(kind) or pa.types.is_null(kind)):
        raise ListError(f"The column {name} has the type {kind}; expected numbers or text.")
    values = _doubles(column.cast(pa.float64(), safe=False))
    return values, np.zeros(len(values), dtype=bool)


def texts(column: Any) -> Column:
    """Return an Arrow column of any type as texts (n,), None for empty cells."""
    cells = (None if cell is None else str(cell).strip() or None for cell in column.to_pylist())
    return np.array(list(cells), dtype=object)


def holds_text(kind: pa.DataType) -> bool:
    """Return whether a column of this type contains text."""
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def number_of(text: str, decimal: str, currencies: Collection[str] = ()) -> float | None:
    """Return the number of a text that is not plain; None if it is ambiguous or not a number.

    >>> number_of("INR 1,23,456.50", ".", ["INR"]), number_of("+1.234,5", ",")
    (123456.5, 1234.5)
    >>> number_of("500 Dr", "."), number_of("1,5", "."), number_of("USD 5", ".", ["INR"])
    (None, None, None)
    """
    if len(text) > LONGEST_AMOUNT or len(text.splitlines()) > 1:
        return None
    parts = take_apart(text)
    if parts is None or parts.word:
        return None
    if parts.adornment and parts.adornment.casefold() not in {one.casefold() for one in currencies}:
        return None
    marks = (mark for mark in (",", ".", " ", "'") if mark != decimal)
    found = (amount_of(text, decimal, mark) for mark in marks)
    amount = next((one for one in found if one is not None), None)
    return None if amount is None else float(amount)


def _from_text(column: Any, decimal: str, currencies: Collection[str]) -> tuple[Array, Flags]:
    text = pc.utf8_trim_whitespace(column)
    filled = pc.fill_null(pc.greater(pc.utf8_length(text), 0), fill_value=False)
    mark = rf"\{decimal}"
    sound = _matches(text, _NUMBER.format(mark=mark))
    if not pc.all(pc.or_(sound, pc.invert(filled))).as_py():
        for by in _THOUSANDS:
            if by != decimal:
                grouped = _matches(text, _GROUPED.format(mark=mark, by=rf"[{by}]"))
                text = pc.if_else(grouped, pc.replace_substring(text, by, ""), text)
                sound = pc.or_(sound, grouped)
    digits = pc.if_else(sound, text, pa.scalar(None, pa.string()))
    values = _doubles(pc.replace_substring(digits, decimal, ".").cast(pa.float64()))
    wrong = np.array(pc.and_not(filled, sound).to_numpy(zero_copy_only=False))
    places = np.flatnonzero(wrong)
    if len(places):
        values = np.array(values)
        rest = text.take(pa.array(places)).to_pylist()
        read = {one: number_of(one, decimal, currencies) for one in set(rest)}
        for place, one in zip(places.tolist(), rest, strict=True):
            if (found := read[one]) is not None:
                values[place], wrong[place] = found, False
    return values, wrong


def _matches(text: Any, pattern: str) -> Any:
    return pc.fill_null(pc.match_substring_regex(text, pattern), fill_value=False)


def _doubles(column: Any) -> Array:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )
