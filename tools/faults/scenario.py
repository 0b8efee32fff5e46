"""Scenario and Outcome, and the registry of scenarios."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class FaultError(AssertionError):
    """A scenario did not hold; the message says why."""


@dataclass
class Outcome:
    """The result of one repetition."""

    holds: bool
    detail: str = ""
    reads: int = 0
    refused: int = 0
    """Reads without a readable release."""
    torn: int = 0
    """Reads that mixed two states."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Durations by name, such as `recovered`."""


@dataclass(frozen=True)
class Scenario:
    """A fault: its name on the command line, its description, and its function."""

    name: str
    fault: str
    run: Callable[[Any, int], Outcome]
    is_quick: bool
    """Whether it needs neither Spark nor a server; pytest runs these."""
    is_once: bool = False
    """Whether it is deterministic: it runs once, and its detail is shown in the table."""


ALL: dict[str, Scenario] = {}


def scenario(
    name: str, fault: str, *, quick: bool = False, once: bool = False
) -> Callable[[Callable[[Any, int], Outcome]], Callable[[Any, int], Outcome]]:
    """Register a function `(lab, seed) -> Outcome` in `ALL`."""

    def enter(run: Callable[[Any, int], Outcome]) -> Callable[[Any, int], Outcome]:
        ALL[name] = Scenario(name, fault, run, quick, once)
        return run

    return enter
