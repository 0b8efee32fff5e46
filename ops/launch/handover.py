"""Hand a run over to a warm worker, through a socket that other users cannot open.

One connection, one run: the launcher sends Dagster's serialized arguments, the worker answers
STARTED, or why not. A connection that ends without an answer means that the worker is gone.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

WORKER_SOCKET = "BANKSEG_WORKER_SOCKET"
"""Environment variable: the socket of the warm worker."""
STARTED = "started"
# A worker that is ready answers in milliseconds; one that is stopped (SIGSTOP) never does.
ANSWER_SECONDS = 30.0
_CHUNK = 1 << 16


class NoAnswerError(RuntimeError):
    """The worker accepted a run and does not answer: it may or may not execute it."""


def hand_over(path: Path, run: str) -> str:
    """Send a run to the worker; return its answer, empty if there is no worker.

    Raises NoAnswerError.
    """
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(ANSWER_SECONDS)
        try:
            client.connect(str(path))
            client.sendall(run.encode())
            client.shutdown(socket.SHUT_WR)
            return _received(client)
        except TimeoutError:
            raise NoAnswerError(
                f"The run worker did not answer within {ANSWER_SECONDS:.0f} s."
            ) from None
        except OSError:
            return ""


class Request:
    """A run that was sent to this worker; it must be answered once."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.run = _received(connection)

    def answer(self, text: str) -> None:
        """Answer and close the connection. Raises OSError if the launcher is gone."""
        with self._connection:
            self._connection.sendall(text.encode())


@contextmanager
def listening(path: Path) -> Iterator[Iterator[Request]]:
    """Listen on a socket; yield the requests that arrive."""
    path.unlink(missing_ok=True)  # of a killed worker
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        yield _requests(server)


def _requests(server: socket.socket) -> Iterator[Request]:
    while True:
        connection, _ = server.accept()
        with suppress(OSError):  # the launcher was killed
            yield Request(connection)


def _received(connection: socket.socket) -> str:
    parts = []
    while part := connection.recv(_CHUNK):
        parts.append(part)
    return b"".join(parts).decode()
