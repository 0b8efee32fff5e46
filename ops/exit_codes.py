"""Exit codes of the commands, and the report of errors that users can repair."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

Arguments = ParamSpec("Arguments")

FAILED = 1
REFUSED = 2
INTERRUPTED = 130


def report(error: object, code: int = REFUSED) -> int:
    """Print an error without a traceback; return the exit code."""
    print(f"bankseg: {error}", file=sys.stderr)
    return code


def reports(
    *errors: type[Exception],
) -> Callable[[Callable[Arguments, int]], Callable[Arguments, int]]:
    """Return a decorator of a `main` that reports these errors."""

    def decorate(main: Callable[Arguments, int]) -> Callable[Arguments, int]:
        @wraps(main)
        def reporting(*args: Arguments.args, **kwargs: Arguments.kwargs) -> int:
            try:
                return main(*args, **kwargs)
            except errors as error:
                return report(error)

        return reporting

    return decorate
