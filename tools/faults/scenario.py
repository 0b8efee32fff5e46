"""What a scenario is, and what one repetition of it found."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class FaultError(AssertionError):
    """A scenario did not hold; the message says what was found."""


@dataclass
class Outcome:
    """What one repetition found."""

    holds: bool
    detail: str = ""
    reads: int = 0
    refused: int = 0
    """Reads that no good release answered."""
    torn: int = 0
    """Reads that mixed two states."""
    seconds: dict[str, float] = field(default_factory=dict)
    """What took how long, such as `recovered`."""


@dataclass(frozen=True)
class Scenario:
    """A fault: its name for the command line, what is done, and the code that does it."""

    name: str
    fault: str
    run: Callable[[Any, int], Outcome]
    is_quick: bool
    """Needs no Spark and no server, and is one of those that pytest runs."""
    is_once: bool = False
    """Has no chance in it: one repetition says all, and its detail stands in the table."""


ALL: dict[str, Scenario] = {}


def scenario(
    name: str, fault: str, *, quick: bool = False, once: bool = False
) -> Callable[[Callable[[Any, int], Outcome]], Callable[[Any, int], Outcome]]:
    """Enter a function `(lab, seed) -> Outcome` into `ALL`."""

    def enter(run: Callable[[Any, int], Outcome]) -> Callable[[Any, int], Outcome]:
        ALL[name] = Scenario(name, fault, run, quick, once)
        return run

    return enter
