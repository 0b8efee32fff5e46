"""Default signal handlers, also if the suite was started in the background."""

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def default_signal_handlers() -> Iterator[None]:
    """Reset what children inherit: background jobs ignore SIGINT, and nohup ignores SIGHUP."""
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.SIGHUP: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
