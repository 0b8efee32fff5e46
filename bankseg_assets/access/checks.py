"""Check an action against the table of roles, and record refusals."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bankseg_assets.access.identity import Identity
from bankseg_assets.access.roles import ALLOWED, Action, Role
from bankseg_assets.privacy.audit import AUDIT_FOLDER, Actor, Event, acting_as, note

REFUSED = "refused"
REPEATED_AFTER_SECONDS = 60.0
_MAX_REMEMBERED = 1_000


class RefusedError(PermissionError):
    """Raised if an identity may not do something; the message says who may."""


@contextmanager
def permitted(identity: Identity, action: Action, data_dir: Path) -> Iterator[None]:
    """Do something as an identity: the audit log has its name. Raises RefusedError."""
    require(identity, action, data_dir)
    with acting_as(identity.actor):
        yield


def require(identity: Identity, action: Action, data_dir: Path) -> None:
    """Raise RefusedError, and record it, if no role of an identity may do something."""
    if identity.may(action):
        return
    record_refusal(data_dir, identity.actor, action, f"roles: {identity.roles_text}")
    raise RefusedError(refusal(identity, action))


def refusal(identity: Identity, action: Action) -> str:
    """Return why an identity may not do something, and what to do."""
    name, allowed = identity.actor.name, ALLOWED[action]
    wanted = " or ".join(role for role in Role if role in allowed)
    has = f"has the role {identity.roles_text}" if identity.roles else "does not have a role"
    return (
        f"{name!r} {has}; to {action}, the role {wanted} is needed. Ask the administrator to add "
        "you, or a group of yours, to this role in the access rules."
    )


def record_refusal(data_dir: Path, actor: Actor, action: Action, why: str) -> None:
    """Record a refusal in the audit log, at most once a minute for the same name and action.

    Otherwise a program that repeats a refused request would fill the disk.
    """
    if _is_new((str(data_dir), actor, action)):
        with acting_as(actor):
            note(data_dir / AUDIT_FOLDER, Event(REFUSED, on=action.value, why=why))


_lock = threading.Lock()
_remembered: OrderedDict[tuple[str, Actor, str], float] = OrderedDict()


def _is_new(key: tuple[str, Actor, str]) -> bool:
    now = time.monotonic()
    with _lock:
        before = _remembered.get(key)
        if before is not None and now - before < REPEATED_AFTER_SECONDS:
            return False
        _remembered[key] = now
        _remembered.move_to_end(key)
        while len(_remembered) > _MAX_REMEMBERED:
            _remembered.popitem(last=False)
        return True
