"""A person, a program or a user of the machine, with roles."""

import grp
import os
from dataclasses import dataclass

from bankseg_assets.access.roles import Action, Role, may
from bankseg_assets.privacy.audit import Actor, system_user

LOGIN, PROXY, UNKNOWN_BY = "login", "proxy", "not logged in"
"""How a name is known: from a login (OpenID Connect), from a header of a proxy, or not at all."""


@dataclass(frozen=True)
class Identity:
    """Who acts, and the roles of the name and its groups."""

    actor: Actor
    roles: frozenset[Role]

    def may(self, action: Action) -> bool:
        """Return whether a role of this identity may do something."""
        return may(self.roles, action)

    @property
    def is_known(self) -> bool:
        """Return whether the name is known from anywhere."""
        return self.actor.known_by != UNKNOWN_BY

    @property
    def roles_text(self) -> str:
        """The roles for people.

        >>> Identity(Actor("ann"), frozenset({Role.MARKETER, Role.CLERK})).roles_text
        'clerk, marketer'
        """
        return ", ".join(role for role in Role if role in self.roles) or "none"


def unrestricted() -> Identity:
    """Return the user of this machine with every role: access is not restricted."""
    return Identity(system_user(), frozenset(Role))


def system_groups() -> list[str]:
    """Return the names of the process's groups in the operating system."""
    found = []
    for number in {os.getegid(), *os.getgroups()}:
        try:
            found.append(grp.getgrgid(number).gr_name)
        except KeyError:  # a container's group may have no name
            continue
    return sorted(found)


def unknown(peer: str = "") -> Identity:
    """Return the identity of a request without a name, which has no role."""
    return Identity(Actor(f"unknown at {peer}" if peer else "unknown", UNKNOWN_BY), frozenset())
