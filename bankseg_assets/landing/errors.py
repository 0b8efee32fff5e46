"""Errors of ingestion: the content is at fault (permanent), or the machine (temporary).

    DeliveryError (ValueError)      the content is at fault: recorded as rejected
    OSError                         the machine, or a file that changes: waits for the next run
    └── FileChangedError            written, replaced or removed while it was read

No message holds a value of the file, because messages go to logs and the ledger, and a value may
be a customer's ID or birth date. A library's message may quote a row, so it is not passed on.
"""

import errno


class DeliveryError(ValueError):
    """A file that cannot be ingested; the message names expectation, finding and next step."""


class FileChangedError(OSError):
    """A file that changed while it was read."""

    def __init__(self) -> None:
        super().__init__(errno.EAGAIN, "it changed while it was read")
