"""Why a landed file is not taken: for what it holds (for ever), or for what the machine did (now).

    DeliveryError (ValueError)      the content is at fault: recorded as rejected
    OSError                         the machine, or a file that is not still: waits for the next run
    └── FileChangedError            written, swapped or removed while it was read

No message holds a value of the file, because messages go to logs and the ledger, and a value may
be a customer's ID or birth date. Hence a library's message, which may quote a row, is never
passed on either.
"""

import errno


class DeliveryError(ValueError):
    """A file that cannot be taken; the message says what was expected, found, and what to do."""


class FileChangedError(OSError):
    """A file that did not hold still while it was read."""

    def __init__(self) -> None:
        super().__init__(errno.EAGAIN, "it changed while it was read")
