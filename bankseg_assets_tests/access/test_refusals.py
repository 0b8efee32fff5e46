"""Refusals are recorded at a limited rate, and those that are not recorded are counted."""

from pathlib import Path

import pytest

from bankseg_assets.access.identity import Identity, unknown
from bankseg_assets.access.refusals import OMITTED, RefusalRate, record_refusal
from bankseg_assets.access.roles import Action, Role
from bankseg_assets.privacy.audit import Actor, AuditLog

ANN = Identity(Actor("ann", "proxy"), frozenset({Role.CLERK}))
YEAR = 365 * 24 * 3600


class Clock:
    """A clock that tests set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("bankseg_assets.access.refusals.monotonic", found)
    return found


def scan(rate: RefusalRate, count: int) -> int:
    """Return how many refusals of requests without a name are recorded, each from its address."""
    found = (rate.omitted_before(unknown(f"2001:db8::{n:x}"), Action.SEE) for n in range(count))
    return sum(one is not None for one in found)


def test_repeated_refusal_is_recorded_once_a_minute(clock: Clock) -> None:
    rate = RefusalRate()
    assert [rate.omitted_before(ANN, Action.RUN) for _ in range(3)] == [0, None, None]
    assert rate.omitted_before(ANN, Action.ERASE) == 2
    clock.now = 60.0
    assert rate.omitted_before(ANN, Action.RUN) == 0


def test_scanner_does_not_fill_the_log(clock: Clock) -> None:
    """From any number of addresses; a person is still recorded, with the count."""
    rate = RefusalRate()
    assert scan(rate, 5_000) == 20
    assert rate.omitted_before(ANN, Action.RUN) == 4_980
    clock.now = 600.0
    assert scan(rate, 100) == 5
    clock.now = float(YEAR)
    assert scan(rate, 100) == 20


def test_refusal_of_an_unknown_names_address_and_action(tmp_path: Path) -> None:
    for _ in range(3):
        record_refusal(tmp_path, unknown("192.0.2.7"), Action.LOOK_UP)
    record_refusal(tmp_path, ANN, Action.ERASE)
    first, second = AuditLog(tmp_path / "audit").entries()
    assert (first["who"], first["known_by"]) == ("unknown at 192.0.2.7", "not logged in")
    assert (first["what"], first["on"], first["why"]) == (
        "refused",
        "look up a customer",
        "no name",
    )
    assert first["details"] == {}
    assert (second["who"], second["why"]) == ("ann", "roles: clerk")
    assert second["details"] == {OMITTED: 2}
