"""Values as examples for a message: their shape, and nothing of what they say."""

LONGEST_SHOWN = 40


def masked(text: str) -> str:
    """Return a text with every digit as 9 and every letter as A or a.

    >>> masked("C5841053, Pune")
    'A9999999, Aaaa'
    """
    shown = "".join(map(_masked, text))
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}…"


def _masked(letter: str) -> str:
    if letter.isalpha():
        return "A" if letter.isupper() else "a"
    if letter.isnumeric():
        return "9"
    return letter if letter.isprintable() else "·"
