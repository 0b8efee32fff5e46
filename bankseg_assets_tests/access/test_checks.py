"""Refusals are recorded, and what is done has the name of who did it."""

from pathlib import Path

import pytest

from bankseg_assets.access.checks import RefusedError, permitted
from bankseg_assets.access.identity import Identity
from bankseg_assets.access.roles import Action, Role
from bankseg_assets.privacy.audit import Actor, AuditLog, Event, note

ANN = Identity(Actor("ann", "proxy"), frozenset({Role.CLERK}))


def test_action_is_recorded_with_its_actor(tmp_path: Path) -> None:
    with permitted(ANN, Action.LOOK_UP, tmp_path):
        note(tmp_path / "audit", Event("subject looked up"))
    note(tmp_path / "audit", Event("later"))
    first, second = AuditLog(tmp_path / "audit").entries()
    assert (first["who"], first["known_by"]) == ("ann", "proxy")
    assert second["known_by"] == "operating system"
    assert AuditLog(tmp_path / "audit").fault() == ""


def test_refusal_is_recorded_and_says_who_may(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as error, permitted(ANN, Action.ERASE, tmp_path):
        raise AssertionError("must not run")
    assert "to erase customers, the role reviewer is needed" in str(error.value)
    (entry,) = AuditLog(tmp_path / "audit").entries()
    assert (entry["who"], entry["what"], entry["on"]) == ("ann", "refused", "erase customers")
    assert entry["why"] == "roles: clerk"
