"""Names of ours as people say them."""

_WORDS = {
    "log_amount": "Amount (logarithm)",
    "log_balance": "Balance (logarithm)",
    "location": "Place",
    "hour": "Hour of the day",
}


def words(name: str) -> str:
    """Return a name of ours as people say it: `amount_high` is "Amount, high"."""
    if name in _WORDS:
        return _WORDS[name]
    for end in ("_high", "_low"):
        if name.endswith(end):
            return f"{words(name.removesuffix(end))}, {end[1:]}"
    return name.replace("_", " ").capitalize()
