"""Join several columns of a file into one of the contract's columns."""

from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.contracts.characters import INVISIBLE
from bankseg_assets.contracts.delivery import ColumnRule
from bankseg_assets.contracts.id_words import FLOAT_ID, NO_ID, ROUNDED_ID

IDS = ("transaction_id", "customer_id")


def joined(
    table: pa.Table, places: tuple[int, ...], name: str, rule: ColumnRule
) -> pa.ChunkedArray:
    """Return the values of several columns as one text; empty where all are empty.

    `name`: our column. An ID without a pattern is empty if one of its parts is, because several
    customers would share it; its parts are normalised like a whole ID.
    """
    parts = [table[str(place)] for place in places if str(place) in table.column_names]
    if not parts:  # only malformed records
        return pa.nulls(table.num_rows, pa.string())
    texts = [pc.utf8_trim(pc.fill_null(part, ""), characters=INVISIBLE) for part in parts]
    is_id = name in IDS and not rule.pattern
    if is_id:
        texts = [_id_part(text, rule) for text in texts]
    has_value = reduce(pc.and_ if is_id else pc.or_, (pc.not_equal(text, "") for text in texts))
    one = pc.binary_join_element_wise(*texts, rule.joined_by)
    if is_id:
        for text in texts:  # one rounded part marks the whole, which cleaning quarantines
            one = pc.if_else(pc.match_substring_regex(text, ROUNDED_ID), text, one)
    one = pc.if_else(has_value, one, "")
    is_there = reduce(pc.or_, (part.is_valid() for part in parts))
    return pc.if_else(is_there, one, pa.scalar(None, pa.string()))


def _id_part(text: pa.ChunkedArray, rule: ColumnRule) -> pa.ChunkedArray:
    """Return a part normalised by `field_text.identifier`; empty for a placeholder."""
    is_float = pc.match_substring_regex(text, FLOAT_ID)
    text = pc.if_else(is_float, pc.utf8_slice_codeunits(text, 0, -2), text)
    words = pc.is_in(pc.utf8_lower(text), pa.array(NO_ID))
    nothing = pc.or_(words, pc.is_in(text, pa.array(rule.placeholders, pa.string())))
    return pc.if_else(nothing, "", text)
