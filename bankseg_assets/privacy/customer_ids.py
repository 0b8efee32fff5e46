"""Normalise customer IDs without Spark, as `cleaning.field_text` does with it."""

import re
from collections.abc import Callable, Iterable

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


class KnownIds:
    """Some normalised IDs, as an `IsOne`."""

    def __init__(self, ids: Iterable[str]) -> None:
        self.ids = frozenset(ids)

    def __call__(self, text: str) -> bool:
        """Whether a normalised ID is one of these."""
        return text in self.ids


def _is_required(text: str, rule: ColumnRule) -> bool:
    return bool(rule.pattern) and re.fullmatch(rule.pattern, text) is not None
