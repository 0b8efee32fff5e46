"""Errors of scoring lists of customers."""


class ListError(ValueError):
    """Raised when a list cannot be scored; says what was expected, found, and what to do.

    The message never contains values of the list, because it goes to terminals and logs.
    """
