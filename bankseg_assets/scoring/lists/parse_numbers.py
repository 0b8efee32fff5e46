"""Parse a column of a list to numbers or texts, and find empty and invalid cells."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.scoring.inputs import Column
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.stats.arrays import Array

Flags = npt.NDArray[np.bool_]

# Strict, because `1,234` is over a thousand in one country and 1.234 in another.
_NUMBER = r"^-?(?:[0-9]+(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+-]?[0-9]+)?$"


def numbers(column: Any, decimal: str, name: str) -> tuple[Array, Flags]:
    """Return an Arrow column as doubles (n,), NaN for empty cells, and a mask of invalid ones.

    `decimal` is the decimal separator in text. Raises ListError for a type that is neither numeric
    nor text.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if holds_text(column.type):
        return _from_text(column.cast(pa.string()), decimal)
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


def _from_text(column: Any, decimal: str) -> tuple[Array, Flags]:
    text = pc.utf8_trim_whitespace(column)
    sound = pc.match_substring_regex(text, _NUMBER.format(mark=rf"\{decimal}"))
    sound = pc.fill_null(sound, fill_value=False)
    filled = pc.fill_null(pc.greater(pc.utf8_length(text), 0), fill_value=False)
    digits = pc.if_else(sound, text, pa.scalar(None, pa.string()))
    values = _doubles(pc.replace_substring(digits, decimal, ".").cast(pa.float64()))
    wrong = pc.and_not(filled, sound).to_numpy(zero_copy_only=False)
    return values, wrong


def _doubles(column: Any) -> Array:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )
