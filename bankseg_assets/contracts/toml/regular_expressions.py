"""Check, when a contract is loaded, that Java can run its regular expressions.

Spark runs the patterns in Java, and a pattern that Java cannot compile fails a run after half a
minute. Python's compiler is used instead of Java's: Java-only syntax is translated, and Python-only
syntax is refused. Of 30,000 random patterns, Java could run each that passes here.
"""

import re
import warnings
from collections.abc import Iterator

_PYTHON_ALONE = (
    (r"\(\?P", "(?<name>...) in place of (?P<name>...)"),
    (r"\(\?\(", "no condition on a group, which Java does not have"),
    (r"\(\?#", "no comment in it, which Java does not have"),
    (r"\(\?[-a-zA-Z]*[aL]", "no flags a and L, which Java does not have"),
)
"""What Python takes and Java refuses, or reads as something else -> what to write."""
_CLASSES = frozenset(
    (
        *("Lower", "Upper", "ASCII", "Alpha", "Digit", "Alnum", "Punct", "Graph", "Print"),
        *("Blank", "Cntrl", "XDigit", "Space", "javaLowerCase", "javaUpperCase"),
        *("javaWhitespace", "IsAlphabetic", "IsLetter", "IsLowercase", "IsUppercase"),
        *("IsPunctuation", "IsControl", "IsDigit", "IsLatin", "IsGreek", "IsCyrillic"),
        *("IsArabic", "IsHebrew", "IsDevanagari", "IsBengali", "IsTamil", "IsTelugu", "IsThai"),
        *("IsHan", "IsHiragana", "IsKatakana", "IsHangul", "L", "Lu", "Ll", "Lt", "Lm", "Lo"),
        *("M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf"),
        *("Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf"),
    )
)
"""Of the names that Java has for a class of characters, those that a value of a bank may need."""
_TOKEN = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|\Z)"
    r"|\\[pP](?:\{(?P<named>[^}]*)\}?|(?P<letter>.))"
    r"|\\k<(?P<reference>[A-Za-z][A-Za-z0-9]*)>"
    r"|\(\?<(?P<group>[A-Za-z][A-Za-z0-9]*)>"
    r"|(?P<hexadecimal>\\x\{[0-9A-Fa-f]{1,5}\})"
    r"|(?P<repeat>\{[0-9]+(?:,[0-9]*)?\})"
    r"|\\(?P<escaped>.)|(?P<both>&&)|.",
    re.DOTALL,
)
_PLACES = frozenset("zZGbBARX")  # no character: what a set cannot hold
_SETS = r"\[ and \&\& for characters in a set, which Java reads as a set within a set"


def pattern_problem(pattern: str) -> str:
    """Return why Java cannot run a pattern or reads it differently; empty if it can."""
    bare = re.sub(r"\\.", "  ", pattern, flags=re.DOTALL)
    for construct, instead in _PYTHON_ALONE:
        if re.search(construct, bare):
            return instead
    try:
        python = "".join(_as_python(pattern))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what Python may read as sets some day
            re.compile(python)
    except (_UnlikeJavaError, re.error, RecursionError, OverflowError) as error:
        return str(error)
    return ""


class _UnlikeJavaError(ValueError):
    """Java cannot run what Python can."""


def _as_python(pattern: str) -> Iterator[str]:
    """Yield a Java pattern in Python's dialect, without the content of classes."""
    is_in_set, before = False, ""
    for found in _TOKEN.finditer(pattern):
        text = found[0]
        yield _token_as_python(found, is_in_set=is_in_set)
        if text == "[":
            is_in_set = True
        elif text == "]" and before not in ("[", "[^"):
            is_in_set = False
        before = before + text if before == "[" else text


def _token_as_python(found: re.Match[str], *, is_in_set: bool) -> str:
    text, escaped, reference = found[0], found["escaped"] or "", found["reference"]
    if is_in_set and (text in ("[", "&&") or (escaped and escaped in _PLACES) or reference):
        raise _UnlikeJavaError(_SETS)
    if not is_in_set and text == "{":
        raise _UnlikeJavaError(r"\{ for a brace")
    if escaped and escaped in "0U":
        raise _UnlikeJavaError(rf"\x00 or \u0000 in place of \{escaped}")
    if text[:2] in (r"\p", r"\P"):
        if (found["named"] or found["letter"]) not in _CLASSES:
            raise _UnlikeJavaError(f"a class that Java has in place of {text}, such as \\p{{L}}")
        return r"\w"
    if found["quoted"] is not None:
        python = re.escape(found["quoted"])
    elif reference:
        python = f"(?P={reference})"
    elif found["group"]:
        python = f"(?P<{found['group']}>"
    elif found["hexadecimal"]:
        python = "x"
    elif escaped and escaped in "hHvVRXe":
        python = r"\s"
    else:
        python = "" if escaped and escaped in "zG" else text
    return python
