"""Check an action against the table of roles, and record refusals."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bankseg_assets.access.identity import Identity
from bankseg_assets.access.refusals import record_refusal
from bankseg_assets.access.roles import ALLOWED, Action, Role
from bankseg_assets.privacy.audit import acting_as


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
    record_refusal(data_dir, identity, action)
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
