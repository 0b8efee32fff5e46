"""Characters that values are trimmed of, and the variants in which signs are written."""


def _characters(*codes: int | tuple[int, int]) -> str:
    """Return the characters of code points and of inclusive ranges of code points."""
    spans = ((code, code) if isinstance(code, int) else code for code in codes)
    return "".join(chr(code) for first, last in spans for code in range(first, last + 1))


BLANKS = _characters(
    *((0x09, 0x0D), 0x20, 0x85, 0xA0, 0x1680, (0x2000, 0x200A)),
    *((0x2028, 0x2029), 0x202F, 0x205F, 0x3000),
)
"""White space of Unicode: tab, line breaks, no-break space and the like."""
ZERO_WIDTH = _characters(
    *(0xAD, 0x034F, 0x061C, 0x180E, (0x200B, 0x200F), (0x202A, 0x202E)),
    *((0x2060, 0x2064), (0x2066, 0x206F), 0xFEFF),
)
"""Invisible: zero-width spaces and joiners, marks of direction and of byte order."""
INVISIBLE = BLANKS + ZERO_WIDTH
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
"""Dashes and minus signs that people and programs use as a minus."""
APOSTROPHES = "\u2019\u2018\u02bc"
"""Apostrophes that stand between groups of digits."""
