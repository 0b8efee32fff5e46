"""Placeholders for missing IDs, and patterns of IDs that a spreadsheet damaged."""

NO_ID = (
    *("-", "--", "---", "?", "??", ".", "#", "*", "-1", "\\n"),
    *("null", "(null)", "<null>", "[null]", "#null!", "nil", "none", "nan", "nat", "<na>"),
    *("na", "n/a", "#n/a", "n.a.", "n.a", "n\\a", "not available", "not applicable"),
    *("#name?", "#ref!", "#value!", "#num!", "#div/0!", "inf", "-inf"),
    *("unknown", "undefined", "missing", "empty", "blank", "tbd"),
)
"""Placeholders for a missing ID, in lower case."""
ROUNDED = r"[0-9](\.[0-9]+)?[Ee]\+[0-9]+"
ROUNDED_ID = rf"\A{ROUNDED}\z"
"""A spreadsheet shows numbers from 10^11 so, rounded: many customers become one."""
FLOAT_ID = r"\A[0-9]+\.0\z"
"""An ID in a column of numbers that some rows leave empty."""
