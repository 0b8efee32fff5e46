"""Why a list of customers is not scored."""


class ListError(ValueError):
    """A list that cannot be scored as a whole; says what was expected, found, and what to do.

    Never a value of the list, for these messages go to terminals and logs.
    """
