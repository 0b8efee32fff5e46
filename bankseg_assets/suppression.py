"""The rule for counts that people see: a cell of one to ten tells of single persons."""

SMALLEST_CELL = 11


def is_small(count: int) -> bool:
    """Tell whether a count is not to be shown; zero tells of nobody."""
    return 0 < count < SMALLEST_CELL


def shown_count(count: int) -> str:
    """Return a count for people.

    >>> shown_count(0), shown_count(10), shown_count(1234)
    ('0', '<11', '1,234')
    """
    return f"<{SMALLEST_CELL}" if is_small(count) else f"{count:,}"
