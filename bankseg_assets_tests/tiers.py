"""The tiers of the suite: what `make test-fast` leaves out, and a guard for the rest."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

SLOW_FIXTURES = frozenset({"batch", "platform", "fitted"})
"""Fixtures that take seconds, or whose tests run Dagster jobs."""
OTHER_TIERS = ("slow", "subprocess", "browser", "cluster")
"""Markers of the tests that are not unit tests."""
COUNTS_CORES = ("lscpu",)
"""What joblib starts once in a process, in the first test that uses it."""

_running: list[pytest.Item] = []
"""The unit test that runs now."""


def mark_slow(items: Iterable[pytest.Item]) -> None:
    """Mark the tests with a slow fixture."""
    for item in items:
        if not SLOW_FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("slow")


def is_unit_test(item: pytest.Item) -> bool:
    """Return whether `make test-fast` runs a test."""
    return not any(item.get_closest_marker(name) for name in OTHER_TIERS)


@contextmanager
def no_processes(item: pytest.Item) -> Iterator[None]:
    """Let a unit test fail if it starts a process."""
    if is_unit_test(item):
        _running.append(item)
    try:
        yield
    finally:
        _running.clear()


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event == "subprocess.Popen" and _running and arguments[0] not in COUNTS_CORES:
        pytest.fail(f"{_running[0].name} starts {arguments[0]}: mark it pytest.mark.subprocess")


sys.addaudithook(_refuse)
