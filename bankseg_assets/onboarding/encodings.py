"""Detect the encoding of a text file."""

import codecs
import re
from dataclasses import dataclass

from bankseg_assets.onboarding.sample import SampleError, TextSample

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN = frozenset("äöüÄÖÜßéèêëÉÈÊËáàâãåæÁÀÂÃÅÆçÇñÑíìîïÍÌÎÏóòôõøÓÒÔÕØœŒúùûÚÙÛýÿ")
_SIGNS = frozenset("€£§°`“”„—…·ºª¡¿«»®©½¼¾²³µ\xa0\xb4\u2018\u2019\u2013")
_OTHERS = ("cp1250", "cp1251", "cp1253", "cp1254", "cp1256", "cp850", "mac_roman")
_WORD = re.compile(r"[^\W\d_]+")
HIGHEST_ASCII = 0x7F
LEAST_BYTES = 16


@dataclass(frozen=True)
class Encoding:
    """An encoding with its evidence; several if the bytes are ambiguous."""

    name: str
    """The one to read the sample with."""
    evidence: str
    candidates: tuple[str, ...] = ()
    """If more than one, only the bank knows."""


def find_encoding(sample: TextSample) -> Encoding:
    """Return the encoding of a sample."""
    start = sample.pieces[0][:4]
    for mark, name in _MARKS:
        if start.startswith(mark):
            return Encoding(name, f"the file begins with the byte-order mark of {name.upper()}")
    if found := _without_mark(sample.pieces[0]):
        return found
    if sample.is_ascii:
        return Encoding("utf-8", "all characters are ASCII")
    if sample.is_utf8:
        return Encoding("utf-8", "valid UTF-8, with characters beyond ASCII")
    return _single_bytes(b"\n".join(sample.pieces))


def _without_mark(piece: bytes) -> Encoding | None:
    """Detect UTF-16 without a byte-order mark by the zero bytes of its Latin letters."""
    head = piece[:4096]
    for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if len(head) >= LEAST_BYTES and zeros.count(0) > 0.8 * len(zeros):
            return Encoding(name, "every second byte is zero")
    return None


def _single_bytes(text: bytes) -> Encoding:
    """Return cp1252 if words have only Western letters; else all encodings that can decode it."""
    try:
        decoded = text.decode("cp1252")
    except UnicodeDecodeError:
        decoded = ""
    high = {letter for letter in decoded if ord(letter) > HIGHEST_ASCII}
    words = [word for word in _WORD.findall(decoded) if not word.isascii()]
    are_western = bool(high) and high <= _WESTERN | _SIGNS and _are_latin(words)
    if are_western and _means_the_same(high):
        shown = " ".join(sorted(high & _WESTERN)) or " ".join(sorted(high))
        return Encoding("cp1252", f"not UTF-8; the letters beyond ASCII are {shown}")
    names = [name for name in ("cp1252", *_OTHERS) if _reads(text, name)]
    return Encoding(
        names[0] if names else "latin-1",
        "not UTF-8; only the bank knows which letters the other bytes are",
        tuple(names),
    )


def _are_latin(words: list[str]) -> bool:
    """Return whether the words are mostly ASCII letters, as in Western languages."""
    letters = "".join(words)
    return 2 * sum(map(str.isascii, letters)) >= len(letters)


def _means_the_same(high: set[str]) -> bool:
    """Return whether few of the letters differ in the Central European encoding.

    German is the same in both. In French, Spanish or Portuguese, letters such as à and ñ differ,
    and no language uses their Central European counterparts as often.
    """
    other = {letter.encode("cp1252").decode("cp1250", "replace") for letter in high & _WESTERN}
    return other <= _WESTERN or bool(high & frozenset("ñàèìòùãõåøæœ"))


def _reads(text: bytes, name: str) -> bool:
    try:
        text.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def decode_sample(sample: TextSample, encoding: str) -> list[str]:
    """Decode the pieces, and drop incomplete lines at their ends. Raises SampleError."""
    texts = []
    try:
        for number, piece in enumerate(sample.pieces):
            is_last = number == len(sample.pieces) - 1
            text = piece.decode(_of_piece(encoding, sample.pieces[0], number), "replace")
            if number:
                text = text[text.find("\n") + 1 :]
            if not (is_last and sample.has_end):
                text = text[: text.rfind("\n") + 1]
            texts.append(text.removeprefix("\ufeff"))
    except LookupError as error:
        raise SampleError(
            f"{encoding!r} is not an encoding; expected a name such as cp1252."
        ) from error
    return texts


def _of_piece(encoding: str, first: bytes, number: int) -> str:
    """Return the encoding of a piece: those after the first have no byte-order mark."""
    if number == 0 or encoding not in ("utf-16", "utf-32"):
        return encoding
    is_little = first.startswith(b"\xff\xfe")
    return f"{encoding}-{'le' if is_little else 'be'}"
