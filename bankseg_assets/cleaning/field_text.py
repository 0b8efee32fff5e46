"""Field texts without invisible characters at their ends, and IDs in one spelling.

Everything that reads a raw field goes through here, so that cleaning, deduplication and holdings
cannot disagree on what a value is.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.characters import BLANKS, INVISIBLE, ZERO_WIDTH
from bankseg_assets.contracts.delivery import ColumnRule
from bankseg_assets.contracts.id_words import FLOAT_ID, NO_ID, ROUNDED_ID

# No character of these has a meaning of its own in a regular expression's class.
WHITE_SPACE = f"[{BLANKS}]+"
ZERO_WIDTHS = f"[{ZERO_WIDTH}]+"

_UNUSUAL_END = r"(?:\A|\x1f)[^!-~\x1f]|[^!-~\x1f](?:\x1f|\z)"

_DAMAGED_ID = rf"[\x00-\x1f\x7f{ZERO_WIDTH}]|{ROUNDED_ID}"


def needs_trimming(*values: Column) -> Column:
    """Say whether one of the texts begins or ends with what is not a visible ASCII character.

    One look at all fields of a row together. To look up the first and last character of each field
    in the list of invisible ones took 16 core-seconds for a million rows, this 2.
    """
    return F.concat_ws("\x1f", *values).rlike(_UNUSUAL_END)


def trimmed(value: Column, *, where: Column | None = None) -> Column:
    """Return a text without blanks and invisible characters at its ends; empty for null.

    `where`: `needs_trimming` of the whole row, where it is known already.
    """
    text = F.coalesce(value, F.lit(""))
    unusual = needs_trimming(value) if where is None else where
    return F.when(unusual, F.btrim(text, F.lit(INVISIBLE))).otherwise(text)


def identifier(value: Column, rule: ColumnRule, *, where: Column | None = None) -> Column:
    """Return an ID in one spelling: trimmed, and `17850` for the `17850.0` of a float column.

    Leading zeros stay, and so does an ID that the contract's pattern wants with `.0`.
    """
    text = trimmed(value, where=where)
    is_float = text.endswith(".0") & text.rlike(FLOAT_ID)
    if rule.pattern:
        is_float &= ~text.rlike(rule.spark_pattern)
    return F.when(is_float, F.substring_index(text, ".", 1)).otherwise(text)


def is_missing_transaction_id(text: Column) -> Column:
    """Say whether an `identifier` is empty or a word for nothing; a bank may count from 0."""
    return (text == "") | F.lower(text).isin(*NO_ID)


def is_missing_customer_id(text: Column) -> Column:
    """The same for a customer: zeros are the ID of unknown customers, too."""
    return is_missing_transaction_id(text) | (text.startswith("0") & text.rlike(r"\A0+\z"))


def is_invalid_id(text: Column, rule: ColumnRule) -> Column:
    """Say whether an `identifier` breaks the contract's pattern; without one, is damaged."""
    return ~text.rlike(rule.spark_pattern) if rule.pattern else text.rlike(_DAMAGED_ID)
