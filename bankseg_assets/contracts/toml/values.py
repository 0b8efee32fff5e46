"""The values of a contract's keys: what each must be, and the words for what it is not."""

import codecs
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from bankseg_assets.contracts.date_formats import ENGLISH, NUMBERS
from bankseg_assets.contracts.file_layout import MAX_FOOTER_LINES, MAX_HEADER_LINE
from bankseg_assets.contracts.toml.regular_expressions import pattern_problem

SLIP = "slip"
"""The type of an error that brings its own words."""
_SEPARATORS = {
    **{text: text for text in (",", ".", " ", "'")},
    **dict.fromkeys(("\u00a0", "\u2009", "\u202f"), " "),
    "\u2019": "'",
}
"""A thousands separator as a contract may write it -> one of its kind."""


class TomlTable(BaseModel):
    """A table of the file: no key is unknown, and no value is turned into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@dataclass(frozen=True)
class Expected:
    """What a key needs, for messages: "three letters, such as INR"."""

    text: str


def slip(found: str, expected: str, key: str = "") -> PydanticCustomError:
    context = {"key": key, "found": found, "expected": expected}
    return PydanticCustomError(SLIP, "{found}; expected {expected}", context)


def _no_line_break(text: str) -> str:
    if not text.strip() or "\n" in text or "\r" in text:
        raise slip(f"is {text!r}", "the header's name")
    return text


def symbols(texts: list[str]) -> list[str]:
    texts = [text.strip() for text in texts]
    if wrong := [text for text in texts if not _is_symbol(text)]:
        expected = "texts without digits and parentheses that are more than a sign, such as Rs."
        raise slip(f"has {wrong}", expected)
    return texts


def _is_symbol(text: str) -> bool:
    has_own = any(c not in "-.,'" and not c.isspace() for c in text)
    return has_own and not any(c in "()+=_\r\n" or c.isdecimal() for c in text)


def codec(name: str) -> str:
    try:
        "x".encode(name)  # a codec of text, unlike base64
        return codecs.lookup(name).name
    except LookupError:
        raise slip(f"is {name!r}", "a codec's name, such as utf-8 or cp1252") from None


def _line_starts(starts: list[str]) -> list[str]:
    for start in starts:
        shown = start.replace("\t", " ").strip(' "')
        if not shown or not shown.isprintable():
            raise slip(f"has {start!r}", 'a list of texts that lines begin with, such as ["Total"]')
    return [start.lstrip(' "') for start in starts]


def zone(name: str) -> str:
    # Only names that Java's own copy of the database has, too.
    is_name = name == "UTC" or (name[:1].isupper() and "/" in name and ".." not in name)
    try:
        if is_name:
            return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):  # no such name, or a folder of names
        pass
    raise slip(f"is {name!r}", "an IANA name, such as Asia/Kolkata or UTC")


def _thousands(text: str) -> str:
    if text not in _SEPARATORS:
        raise slip(f"is {text!r}", "',', '.', a space or an apostrophe")
    return _SEPARATORS[text]


def _pattern(text: str) -> str:
    if found := pattern_problem(text):
        raise slip(f"is {text!r}", f"a regular expression ({found})")
    return text


def months(names: list[str]) -> list[str]:
    names = [name.strip() for name in names]
    if not len({name.lower() for name in names if name}) == len(names) == len(ENGLISH):
        raise slip(f"is {names!r}", "twelve different names, from January to December")
    return [name.removesuffix(".") for name in names]


def several_formats(texts: list[str]) -> list[str]:
    if not texts:
        raise slip("is []", "a list of formats")
    for text in texts:
        if text in NUMBERS:
            raise slip(f"has {text!r}", "patterns; a number stands alone in format")
    return texts


def _stripped(texts: list[str]) -> list[str]:
    return [text.strip() for text in texts]


def _some(texts: list[str]) -> list[str]:
    found = _stripped(texts)
    if not found:  # an empty value may be one of them: some banks write CR, and nothing for DR
        raise slip("is []", 'a list of values, such as ["D", "DR"]')
    return found


def _beside(texts: list[str]) -> list[str]:
    found = _some(texts)
    for text in found:
        # A digit is of the number, and a letter E between digits is an exponent.
        if text and (any(c.isdecimal() for c in text) or not any(c.isalpha() for c in text)):
            raise slip(f"has {text!r}", 'words without digits, such as "Dr", or "" for no word')
    return found


def translated(found: dict[str, str] | list[str]) -> dict[str, str] | list[str]:
    if not found:
        expected = "a list of texts, or a table of delivered = published texts"
        raise slip(f"is {found!r}", expected)
    return found


def _exact(value: object) -> object:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return Decimal(value) if is_whole else value  # type: ignore[arg-type]


Texts = Annotated[list[str], AfterValidator(_stripped), Expected("a list of texts")]
WordsBeside = Annotated[list[str], AfterValidator(_beside), Expected("a list of words")]
Values = Annotated[list[str], AfterValidator(_some), Expected("a list of values")]
HeaderName = Annotated[str, AfterValidator(_no_line_break), Expected("the header's name")]
Number = Annotated[Decimal, BeforeValidator(_exact), Expected("a number")]
Day = Annotated[date, Expected("a date, such as 2016-01-01")]
Whole = Annotated[int, Expected("a whole number of years")]
YesNo = Annotated[bool, Expected("true or false")]
DecimalSeparator = Annotated[Literal[".", ","], Expected("'.' or ','")]
ThousandsSeparator = Annotated[
    str, AfterValidator(_thousands), Expected("',', '.', a space or an apostrophe")
]
Pattern = Annotated[str, AfterValidator(_pattern), Expected("a regular expression")]
HeaderLine = Annotated[
    int,
    Field(ge=1, le=MAX_HEADER_LINE),
    Expected(f"a whole number from 1 to {MAX_HEADER_LINE:,}"),
]
FooterLines = Annotated[
    int, Field(ge=0, le=MAX_FOOTER_LINES), Expected(f"a whole number from 0 to {MAX_FOOTER_LINES}")
]
LineStarts = Annotated[
    list[str],
    AfterValidator(_line_starts),
    Expected('a list of texts that lines begin with, such as ["Total"]'),
]
