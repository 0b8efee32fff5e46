"""Mask values for messages: only their shape is shown."""

LONGEST_SHOWN = 40
LONGEST_LABEL = 24
MOST_WORDS = 3


def masked(text: str) -> str:
    """Return a text with every digit as 9 and every letter as A or a.

    >>> masked("C5841053, Pune")
    'A9999999, Aaaa'
    """
    shown = "".join(map(_masked, text))
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"


def label(text: str) -> str:
    """Return a category value such as DEBIT, masked if it may be a person's."""
    is_kind = len(text) <= LONGEST_LABEL and not any(map(str.isdigit, text))
    return text if is_kind and len(text.split()) <= MOST_WORDS else masked(text)


def _masked(letter: str) -> str:
    if letter.isalpha():
        return "A" if letter.isupper() else "a"
    if letter.isnumeric():
        return "9"
    return letter if letter.isprintable() else "·"
