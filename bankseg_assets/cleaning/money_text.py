"""Parse amounts of money: separators, signs, currencies, exponents.

Most rows are plain numbers, which one regular expression recognises. `_exact` reads the rest, with
expressions that a plain row never evaluates. Nothing is guessed: the contract names the
separators, and an ambiguous text is not read.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.characters import APOSTROPHES, DASHES, INVISIBLE, ZERO_WIDTH
from bankseg_assets.contracts.currencies import all_signs, signs
from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract
from bankseg_assets.contracts.tables import MONEY
from bankseg_assets.contracts.value_ranges import BINARY_NOISE

EXACT = "decimal(38,20)"
"""Holds every number that the patterns below accept, with all its decimals."""
LONGEST_TEXT = 100
"""Longer texts must be plain numbers: patterns must not backtrack over a megabyte."""
MOST_DIGITS = 15  # before the decimal separator, without leading zeros

_PLUSES = "\uff0b\ufe62"
# No line breaks: numbers on two lines of a field are not one number.
_SPACES = "\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
_MARKS = "\x1e\x1f"  # around the number that `_exact` recognised
_FROM = _MARKS + DASHES + _PLUSES + APOSTROPHES + _SPACES + ZERO_WIDTH  # deleted: zero widths
_TO = (
    "?" * len(_MARKS)
    + "-" * len(DASHES)
    + "+" * len(_PLUSES)
    + "'" * len(APOSTROPHES)
    + " " * len(_SPACES)
)

_UNIFIED = str.maketrans(_FROM[: len(_TO)], _TO)

_MINUS = r"\A\x1e(?:-\x1f|\x1f-|\(\x1f\))\x1e"
_WORD_END = "\x1f"
_NUMBER = r"\A\x1e(?:\+?\x1f|\x1f\+)\x1e(-?[0-9.]+(?:[eE][+-]?[0-9]+)?)\z"


@dataclass(frozen=True)
class MoneyText:
    """A money text and its parsed number, as columns."""

    text: Column
    """Trimmed; empty if there is no value."""
    is_plain: Column
    """The text is empty, or a plain number: no other pattern is needed."""
    exact: Column
    """The value of a text that is not plain, with all decimals; null if it is not a number."""


@dataclass(frozen=True)
class RowCurrency:
    """The currency code of each row, in upper case, and the marks allowed beside amounts."""

    code: Column
    signs: Mapping[str, Iterable[str]]
    """Code -> its signs; the empty code is the contract's currency."""


def read_money(
    text: Column,
    rule: ColumnRule | None,
    contract: DeliveryContract,
    *,
    decimals: int,
    currency: RowCurrency | None = None,
) -> MoneyText:
    """Parse a trimmed text; without a rule, the result is empty in every row.

    `decimals`: maximum of a plain number; pass the same to `money_value`.
    """
    if rule is None:
        return MoneyText(text, F.lit(True), F.lit(None).cast(EXACT))
    if rule.words:
        text = _signed_by_word(text, rule)
    is_plain = (text == "") | text.rlike(_plain(rule, decimals))
    is_read = ~is_plain & (F.length(text) <= LONGEST_TEXT)
    return MoneyText(text, is_plain, F.when(is_read, _exact(text, rule, contract, currency)))


def word_beside(text: Column, rule: ColumnRule) -> Column:
    """Return the rule's word beside a number, in upper case; empty if there is none."""
    return _parted(text, rule)[0]


def _signed_by_word(text: Column, rule: ColumnRule) -> Column:
    """Return the number with the word beside it replaced by the sign that it means.

    An additional sign makes it unreadable: -5 Dr may be a debit or the reversal of one. If the
    contract defines what a sign means, the sign stays.
    """
    word, number = _parted(text, rule)
    if rule.negative:
        return number
    if rule.spending:
        return F.when(text == "", text).otherwise(F.concat(F.lit("+"), number))
    is_known = word.isin(*rule.negative_words, *rule.positive_words)
    sign = F.when(word.isin(*rule.negative_words), "-").when(is_known, "+")
    # Every number except zero needs a word.
    is_empty = (text == "") | text.rlike(r"\A-?[0.,]+\z")
    signed = F.concat(F.coalesce(sign, F.lit("?")), number)
    return F.when(is_empty, text).otherwise(signed)


def _parted(text: Column, rule: ColumnRule) -> tuple[Column, Column]:
    """Return the word beside a number, in upper case, and the number.

    `Dr.500` has no word `Dr`, because the point may belong to the number.
    """
    known = "|".join(map(re.escape, sorted(rule.words, key=len, reverse=True)))
    before = rf"({known})(?:[.](?![0-9]))?(?![\p{{L}}\p{{Sc}}]|[.,][0-9])(.*)"
    after = rf"(.*)(?<!\p{{L}})({known})[.]?"
    upper = _unified(F.upper(text))  # without marks, and with plain spaces in and beside words
    pattern = rf"\A(?:{before}|{after})\z"
    marked = F.regexp_replace(upper, pattern, f"$1$4{_WORD_END}$2$3")
    has_word = (F.length(text) <= LONGEST_TEXT) & marked.contains(_WORD_END)
    word = F.when(has_word, F.substring_index(marked, _WORD_END, 1)).otherwise("")
    number = F.btrim(F.split_part(marked, F.lit(_WORD_END), F.lit(2)), F.lit(INVISIBLE))
    return word, F.when(has_word, number).otherwise(text)


def money_value(
    money: MoneyText, rule: ColumnRule | None, *, decimals: int, kind: str = MONEY
) -> Column:
    """Return the number as the Spark type `kind`.

    Null if the text is empty, not a number, too large, or has too many decimals.
    """
    comma = rule is not None and rule.decimal_separator == ","
    plain = (F.translate(money.text, ",", ".") if comma else money.text).try_cast(kind)
    is_sound = F.abs(money.exact) < F.lit(Decimal(10) ** MOST_DIGITS)
    is_sound &= ~has_too_many_decimals(money, decimals)
    # Noise is cut at the number's decimals; the type may have more.
    exact = F.round(money.exact, decimals).try_cast(kind)
    return F.when(money.is_plain, plain).when(is_sound, exact)


def has_too_many_decimals(money: MoneyText, decimals: int) -> Column:
    """Return whether a number has too many decimals, ignoring the noise of a double."""
    distance = F.abs(money.exact - F.round(money.exact, decimals)).cast("double")
    is_noise = distance <= F.abs(money.exact.cast("double")) * BINARY_NOISE
    # No written digit is cut from 12345678901234.567, however near a double is.
    is_noise &= distance < 10.0 ** -(decimals + 2)
    return ~money.is_plain & (distance > 0) & ~is_noise


def is_other_currency(
    money: MoneyText,
    rule: ColumnRule,
    contract: DeliveryContract,
    currency: RowCurrency | None = None,
) -> Column:
    """Return whether a text is an amount in a currency other than the row's or contract's."""
    text = _unified(money.text)
    is_unread = ~money.is_plain & money.exact.isNull() & (F.length(money.text) <= LONGEST_TEXT)
    is_any = text.rlike(_adorned(rule, all_signs(), r"\p{Sc}"))
    return is_unread & is_any & ~_is_own(text, rule, contract, currency)


def _exact(
    text: Column, rule: ColumnRule, contract: DeliveryContract, currency: RowCurrency | None
) -> Column:
    """Return the value of a text that is not a plain number, with all decimals, or null.

    One pattern recognises signs, separators and the contract's currency together, so no part of a
    text is dropped unrecognised.
    """
    unified, pattern = _unified(text), _own(rule, contract, currency)
    marked = F.regexp_replace(unified, pattern, "\x1e$1$3\x1f$5$7\x1e$4")
    if currency is not None:
        marked = F.when(_is_own(unified, rule, contract, currency), marked)
    separators = rule.decimal_separator + rule.thousands_separator
    signed = F.regexp_replace(F.translate(marked, separators, "."), _MINUS, "\x1e\x1f\x1e-")
    return F.regexp_extract(signed, _NUMBER, 1).try_cast(EXACT)


def _own(rule: ColumnRule, contract: DeliveryContract, currency: RowCurrency | None) -> str:
    """Return the pattern of an amount in one of the currencies allowed for a row."""
    if currency is None:
        return _adorned(rule, (*signs(contract.currency), *contract.currency_symbols))
    return _adorned(rule, {text for texts in currency.signs.values() for text in texts})


def _is_own(
    text: Column, rule: ColumnRule, contract: DeliveryContract, currency: RowCurrency | None
) -> Column:
    """Return whether the currency beside a number is that of its row."""
    pattern = _own(rule, contract, currency)
    found = text.rlike(pattern)
    if currency is None:
        return found
    pairs = [
        f"{code}\x1f{sign.translate(_UNIFIED).upper()}"
        for code, texts in currency.signs.items()
        for sign in ("", *texts)
    ]
    for group in (2, 6):
        sign = F.upper(F.regexp_extract(text, pattern, group))
        found &= F.concat_ws("\x1f", currency.code, sign).isin(*dict.fromkeys(pairs))
    return found


def _unified(text: Column) -> Column:
    """Normalise dashes, spaces and apostrophes."""
    return F.translate(text, _FROM, _TO)


def _plain(rule: ColumnRule, decimals: int) -> str:
    """Return the pattern of a number such as -1234.5, .47, 500. or 12.3400."""
    point = f"[{rule.decimal_separator}]"
    fraction = f"{point}[0-9]{{0,{decimals}}}0*"
    return rf"\A-?(?={point}?[0-9])[0-9]{{0,{MOST_DIGITS}}}({fraction})?\z"


def _adorned(rule: ColumnRule, currencies: Iterable[str], *patterns: str) -> str:
    """Return the pattern of a number with a sign and currency around it.

    Groups: sign, currency and sign before the number (1 to 3), the number (4), and after it (5
    to 7).
    """
    # Longest first, so that the point of `Rs.500` belongs to `Rs.`.
    ordered = sorted(currencies, key=lambda text: (-len(text), text))
    texts = [text.translate(_UNIFIED) for text in ordered]
    after = "|".join([*map(re.escape, texts), *patterns])
    # No `/-` of `500/-` before a number.
    before = "|".join([*(re.escape(text) for text in texts if text[0] != "/"), *patterns])
    before = rf"([-+(]?) *({before})? *([-+(]?) *"
    after = rf" *([-+)]?) *({after})? *([-+)]?)"
    return rf"(?iu)\A{before}({_number(rule)}){after}\z"


def _number(rule: ColumnRule) -> str:
    """Return the pattern of a number without sign and currency.

    `500.-` does not match: it is 500 in Switzerland and -500 in an export with trailing signs. Nor
    does `EUR.47`, whose point may belong to an abbreviation, nor `0,123` with `,` between
    thousands, which does not mean 123. A negative exponent is at least -5, so that a decimal
    of 20 places holds all digits; Java writes a zero of 18 places as `0E-18`.
    """
    point = f"[{rule.decimal_separator}]"
    first_point = rf"(?<!\p{{L}}){point}"
    decimals = f"{point}(?! *-)[0-9]{{0,20}}0*"
    whole = f"0*[0-9]{{1,{MOST_DIGITS}}}"
    plain = f"{whole}(?:{decimals})?|{first_point}[0-9]{{1,20}}0*"
    mantissa = f"[0-9]{{1,15}}(?:{point}[0-9]{{0,15}})?|{first_point}[0-9]{{1,15}}"
    exponent = "[eE](?:[+]?0*[0-9]{1,2}|-0*[0-5])"
    kinds = [
        f"(?:{mantissa}){exponent}",
        rf"0{{1,20}}(?:{point}0{{0,20}})?[eE][+-]?[0-9]{{1,2}}",
        plain,
    ]
    if rule.thousands_separator:
        by = f"[{rule.thousands_separator}]"
        groups = f"[0-9]{{1,3}}(?:{by}[0-9]{{3}})+|[0-9]{{1,2}}(?:{by}[0-9]{{2}})+{by}[0-9]{{3}}"
        no_fraction = f"(?!0[0-9]{{0,2}}{by}[0-9]{{3}}(?!{point}|{by}))"
        kinds.insert(0, f"{no_fraction}(?:{groups})(?:{decimals})?")
    return "|".join(kinds)
