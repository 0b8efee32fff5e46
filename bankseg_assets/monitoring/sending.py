"""The error of a channel, and a limit to the time that one message may take."""

from collections.abc import Callable
from threading import Thread

SOCKET_SECONDS = 5.0
"""The longest wait for one answer of a receiver."""
MESSAGE_SECONDS = 10.0
"""The longest time for one message: a receiver may answer a byte every four seconds."""


class ChannelError(RuntimeError):
    """An alert that was not accepted; the message holds neither address nor password.

    `is_final`: another attempt would not help, or would repeat what was accepted.
    """

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


def within(seconds: float, send: Callable[[], None]) -> None:
    """Call `send` in a thread. Raises its ChannelError, or one if it takes too long."""
    errors: list[Exception] = []

    def call() -> None:
        try:
            send()
        except Exception as error:
            errors.append(error)

    thread = Thread(target=call, name="alert", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise ChannelError(f"it did not answer within {seconds:g} s")
    for error in errors:
        if isinstance(error, ChannelError):
            raise error
        # The message of a library may hold the address or what was sent.
        raise ChannelError(f"{type(error).__name__} while it was sent") from None
