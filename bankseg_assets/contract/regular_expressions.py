"""Can Java run a regular expression of the contract? Said when the contract is loaded.

Spark runs the patterns in Java, and a pattern that Java cannot compile ends a run after half a
minute. Python's compiler stands in for Java's: what Java alone has is written as Python's, and what
Python alone has is refused. `require_patterns` asks Spark itself before a row is judged.
"""

import re
import warnings

_PYTHON_ALONE = (
    (r"\(\?P", "(?<name>...) in place of (?P<name>...)"),
    (r"\(\?\(", "no condition on a group, which Java does not have"),
    (r"\(\?#", "no comment in it, which Java does not have"),
    (r"\(\?[-a-zA-Z]*[aL]", "no flags a and L, which Java does not have"),
    (r"\\[UN]", r"\uXXXX or \x{XXXXX} in place of \U and \N"),
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
_CLASS = re.compile(r"\\[pP](?:\{(?:Is(?=[A-Z][a-z]?\}))?([A-Za-z_]+)\}|([A-Z]))")
_AS_PYTHON = (
    (re.compile(r"\(\?<(?![=!])([A-Za-z][A-Za-z0-9]*)>"), r"(?P<\1>"),
    (re.compile(r"\\k<([A-Za-z][A-Za-z0-9]*)>"), r"(?P=\1)"),
    (re.compile(r"\\[hHvVRX]"), r"\\s"),
    (re.compile(r"\\x\{[0-9A-Fa-f]{1,6}\}"), "x"),
    (re.compile(r"\\[zZGe]"), ""),
)


def pattern_problem(pattern: str) -> str:
    """Return why Java cannot run a pattern, or what it reads otherwise; empty for nothing."""
    text = re.sub(r"\\Q(.*?)(?:\\E|\Z)", lambda found: re.escape(found[1]), pattern, flags=re.S)
    bare = text.replace(r"\\", "  ")
    for construct, instead in _PYTHON_ALONE:
        if re.search(construct, bare):
            return instead
    for found in _CLASS.finditer(bare):
        if (name := found[1] or found[2]) not in _CLASSES:
            return f"a class that Java has in place of {name}, such as \\p{{Digit}} or \\p{{L}}"
    python = _CLASS.sub(r"\\w", text)
    for java, written in _AS_PYTHON:
        python = java.sub(written, python)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(python)
    except (re.error, RecursionError, OverflowError) as error:
        return str(error)
    except FutureWarning:
        return r"\[, \&\& and the like for characters that Java reads as sets within a set"
    return ""
