"""Readable forms of internal names."""

_WORDS = {
    "log_amount": "Amount (logarithm)",
    "log_balance": "Balance (logarithm)",
    "location": "Place",
    "hour": "Hour of the day",
}


def words(name: str) -> str:
    """Return the readable form of an internal name: `amount_high` is "Amount, high"."""
    if name in _WORDS:
        return _WORDS[name]
    for end in ("_high", "_low"):
        if name.endswith(end):
            return f"{words(name.removesuffix(end))}, {end[1:]}"
    return name.replace("_", " ").capitalize()
