"""Normalise customer IDs without Spark, as `cleaning.field_text` does with it."""

import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.contracts.characters import INVISIBLE
from bankseg_assets.contracts.delivery import ColumnRule
from bankseg_assets.contracts.id_words import FLOAT_ID

_FLOAT = re.compile(FLOAT_ID.replace(r"\z", r"\Z"))
IsOne = Callable[[str], bool]
"""Whether a normalised ID is one of those that are looked for."""


def normalised(text: str, rule: ColumnRule) -> str:
    """Return an ID without invisible ends, and `17850` for the `17850.0` of a float column.

    >>> normalised(" 17850.0 ", ColumnRule("id")), normalised("A.0", ColumnRule("id"))
    ('17850', 'A.0')
    """
    found = text.strip(INVISIBLE)
    if found.endswith(".0") and _FLOAT.match(found) and not _is_required(found, rule):
        return found.removesuffix(".0")
    return found


def rows_of(column: pa.ChunkedArray, is_one: IsOne, rule: ColumnRule) -> pa.ChunkedArray:
    """Return whether each row of a column of IDs is one of those; each distinct ID is asked once.

    False for null.
    """
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    found = [is_one(normalised(text, rule)) for text in encoded.dictionary.to_pylist()]
    is_found = pc.take(pa.array(found, pa.bool_()), encoded.indices)
    return pa.chunked_array([pc.fill_null(is_found, fill_value=False)])


def _is_required(text: str, rule: ColumnRule) -> bool:
    return bool(rule.pattern) and re.fullmatch(rule.pattern, text) is not None
