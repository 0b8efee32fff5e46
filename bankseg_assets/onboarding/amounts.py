"""Detect how the amounts of a column are written: separators, signs, currencies.

Mirrors the syntax of `cleaning.money_text`, which needs Spark.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache

from bankseg_assets.contracts.characters import APOSTROPHES, DASHES
from bankseg_assets.contracts.currencies import CODES, all_signs, signs
from bankseg_assets.onboarding.columns import Column
from bankseg_assets.onboarding.header_words import plain
from bankseg_assets.onboarding.value_words import LETTER_PAIRS, direction_of

SEPARATORS = (
    (".", ""),
    (",", ""),
    (".", ","),
    (",", "."),
    (".", " "),
    (",", " "),
    (".", "'"),
    (",", "'"),
)
"""Decimal and thousands separators; the first that reads everything in one way is proposed."""
LEAST_SHARE = 0.98
MOST_VALUES = 20_000
_BEFORE = re.compile(r"^([-+(]?) *([^\d,'()+\-]*?) *([-+(]?) *(?=[.,]?\d)")
_AFTER = re.compile(r"(?<=[\d.,]) *([-+)]?) *(/-|/=|[^\d.,'()+\-]*) *([-+)]?)$")
_EXPONENT = re.compile(r"[eE][+-]?\d{1,2}$")
_NUMBER = re.compile(r"[\d.,' ]+(?:[eE][+-]?\d{1,2})?")
_UNIFIED = {
    **dict.fromkeys(map(ord, DASHES), "-"),
    **dict.fromkeys(map(ord, APOSTROPHES), "'"),
}


@dataclass(frozen=True)
class Text:
    """An amount's text, split into its parts."""

    number: str
    """Digits and separators."""
    is_negative: bool
    adornment: str
    """The currency beside the number; empty if none."""
    word: str = ""
    """A word beside it that gives the direction, as written."""


@dataclass(frozen=True)
class Style:
    """A number style: one way to parse a column."""

    decimal: str
    thousands: str
    rows: int
    """Rows that it reads."""
    grouped: int = 0
    """Rows with a thousands separator."""
    fractions: int = 0
    """Rows with a decimal separator."""
    most_decimals: int = 0
    """Without zeros at the end."""


@dataclass(frozen=True)
class Amounts:
    """The evidence in a column of amounts on how it is written."""

    styles: tuple[Style, ...]
    """Styles that parse all values, with different results; if several, the bank decides."""
    rows: int
    negatives: int
    adornments: Counter[str]
    lakhs: int
    """Rows grouped as 12,34,567."""
    zeros: int
    words: Counter[str] = field(default_factory=Counter)
    """Words beside amounts that give a direction, in upper case -> rows."""
    without_word: int = 0
    """Rows without such a word, except zeros."""
    signs: Mapping[bool, frozenset[str]] = field(default_factory=dict)
    """Whether it is below zero -> the words beside such amounts, in upper case."""

    @property
    def style(self) -> Style:
        """The number style, if it is unique."""
        return self.styles[0]


def find_amounts(column: Column) -> Amounts | None:
    """Return how a column's amounts are written; None if it holds no numbers."""
    values = dict(column.counts.most_common(MOST_VALUES))
    rows = sum(values.values())
    texts = {value: text for value in values if (text := take_apart(value)) is not None}
    if not texts or sum(values[value] for value in texts) < LEAST_SHARE * rows:
        return None
    styles = [_style(decimal, thousands, texts, values) for decimal, thousands in SEPARATORS]
    most = max(style.rows for style in styles)
    if most < LEAST_SHARE * rows:
        return None
    best = [style for style in styles if style.rows == most]
    return Amounts(
        tuple(_different(best, texts)),
        rows,
        sum(values[value] for value, text in texts.items() if text.is_negative and _digits(text)),
        Counter(
            {
                adornment: sum(values[v] for v, t in texts.items() if t.adornment == adornment)
                for adornment in {text.adornment for text in texts.values()} - {""}
            }
        ),
        sum(values[value] for value, text in texts.items() if _LAKH.search(text.number)),
        sum(values[value] for value, text in texts.items() if not _digits(text)),
        _words(texts, values),
        sum(values[value] for value, text in texts.items() if not text.word and _digits(text)),
        {
            below: frozenset(
                text.word.upper()
                for text in texts.values()
                if text.is_negative is below and _digits(text)
            )
            for below in (True, False)
        },
    )


def _words(texts: Mapping[str, Text], values: Mapping[str, int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for value, text in texts.items():
        if text.word:
            found[text.word.upper()] += values[value]
    return found


_LAKH = re.compile(r"^\d{1,2}(?:[.,' ]\d{2})+[.,' ]\d{3}(?:[.,]\d*)?$")


def take_apart(value: str) -> Text | None:
    """Split a text into number, sign and currency; None if it is not an amount.

    >>> take_apart("(EUR 1.234,50)")
    Text(number='1.234,50', is_negative=True, adornment='EUR', word='')
    """
    found = _apart(_unified(value))
    if found is not None:
        return found
    # A word is assumed only if the text is not an amount otherwise: in `R 500`, R may be rand.
    for pattern in (_WORD_BEFORE, _WORD_AFTER):
        parts = pattern.fullmatch(_unified(value))
        groups = [group for group in parts.groups() if group is not None] if parts else []
        word, number = sorted(groups, key=_has_digit) if groups else ("", "")
        if _is_direction(word) and (rest := _apart(number.strip())):
            return replace(rest, word=word)
    return None


# `C100` and `100D` are IDs: a word before a number needs a space, and so does a letter after a
# number without decimals.
_WORD_BEFORE = re.compile(r"([^\W\d_]+)(?:[.](?!\d))?(?![.,]\d)([^\w].*)")
_WORD_AFTER = re.compile(r"(.*\d[.,]\d\d|.*\W)([^\W\d_]+)[.]?|(.*\d)([^\W\d_]{2,})[.]?")
_LETTERS = frozenset(letter for pair in LETTER_PAIRS for letter in pair)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _is_direction(word: str) -> bool:
    return bool(direction_of(word)) or "".join(plain(word)) in _LETTERS


def _apart(text: str) -> Text | None:
    before, after = _BEFORE.match(text), _AFTER.search(text)
    if before is None or after is None or before.end() > after.start():
        return None
    marks = [before[1], before[3], after[1], after[3]]
    around = [part for part in (before[2].strip(), after[2].strip()) if part]
    number = text[before.end() : after.start()]
    if around and number.startswith(".") and before[2] and before[2][-1].isalpha():
        around[0], number = f"{around[0]}.", number[1:]  # the point of `Rs.500` belongs to `Rs.`
    given = "".join(marks)
    if given not in ("", "-", "+", "()") or not number or not all(map(_is_currency, around)):
        return None
    number = number.strip()
    is_swiss = number[-1:] in (".", ",") and "-" in marks[2:]  # 500.- may be 500 or -500
    if is_swiss or not _NUMBER.fullmatch(number):
        return None
    return Text(number, given in ("-", "()"), around[0] if around else "")


def amount_of(value: str, decimal: str, thousands: str) -> Decimal | None:
    """Return the amount of a text with these separators; None if it is not an amount."""
    text = take_apart(value)
    if text is None:
        return None
    return _signed(text, decimal, thousands)


@lru_cache
def currencies_of(adornment: str) -> tuple[str, ...]:
    """Return the currencies that use a sign."""
    wanted = adornment.strip().casefold()
    return tuple(
        sorted(code for code in CODES if wanted in {sign.casefold() for sign in signs(code)})
    )


def _unified(value: str) -> str:
    text = unicodedata.normalize("NFC", value).translate(_UNIFIED)
    return "".join(" " if c.isspace() else c for c in text).strip()


@lru_cache(maxsize=1)
def _known_signs() -> frozenset[str]:
    return frozenset(sign.casefold() for sign in all_signs())


def _is_currency(text: str) -> bool:
    return text.casefold() in _known_signs()


def _signed(text: Text, decimal: str, thousands: str) -> Decimal | None:
    found = _number(text.number, decimal, thousands)
    return -found if found is not None and text.is_negative else found


@lru_cache(maxsize=16)
def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    point = f"[{decimal}]"
    whole = r"\d{1,18}"
    if thousands:
        by = f"[{thousands}]"
        whole = rf"\d{{1,3}}(?:{by}\d{{3}})+|\d{{1,2}}(?:{by}\d{{2}})+{by}\d{{3}}|\d{{1,18}}"
    return re.compile(rf"(?P<whole>{whole})?(?:{point}(?P<part>\d{{0,20}}))?")


def _number(text: str, decimal: str, thousands: str) -> Decimal | None:
    exponent = _EXPONENT.search(text)
    bare = text[: exponent.start()] if exponent else text
    found = _pattern(decimal, thousands).fullmatch(bare)
    if found is None or not (found["whole"] or found["part"]):
        return None
    whole = "".join(filter(str.isdigit, found["whole"] or "0"))
    grouped = bool(thousands) and thousands in (found["whole"] or "")
    if grouped and whole.startswith("0") and not found["part"]:
        return None  # 0,123 does not mean 123
    return Decimal(f"{whole}.{found['part'] or '0'}{exponent[0] if exponent else ''}")


def _digits(text: Text) -> str:
    return "".join(c for c in text.number if c in "123456789")


def _style(
    decimal: str, thousands: str, texts: Mapping[str, Text], values: Mapping[str, int]
) -> Style:
    style = Style(decimal, thousands, 0)
    for value, text in texts.items():
        if _number(text.number, decimal, thousands) is None:
            continue
        count = values[value]
        part = text.number.partition(decimal)[2].rstrip("0") if decimal in text.number else ""
        style = replace(
            style,
            rows=style.rows + count,
            grouped=style.grouped + count * bool(thousands and thousands in text.number),
            fractions=style.fractions + count * (decimal in text.number),
            most_decimals=max(style.most_decimals, len(part)),
        )
    return style


def _different(styles: Iterable[Style], texts: Mapping[str, Text]) -> list[Style]:
    """Return the styles without those that parse every text like an earlier one."""
    kept: dict[tuple[Decimal | None, ...], Style] = {}
    for style in styles:
        read = tuple(
            _number(text.number, style.decimal, style.thousands) for text in texts.values()
        )
        kept.setdefault(read, style)
    return list(kept.values())
