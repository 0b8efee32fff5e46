"""Access rules with a group and a user for each role, and requests of these people."""

import time
from pathlib import Path
from typing import Any

from bankseg_assets.access.roles import Action, Role
from bankseg_assets.access.rules import AccessRules, parsed

PROXY_TABLE = """
[proxy]
addresses = ["127.0.0.1"]
"""
LOGIN_TABLE = """
[login]
"""
GROUPS = "\n[groups]\n" + "".join(f'{role} = ["{role}s"]\n' for role in Role)
BOTH = PROXY_TABLE + LOGIN_TABLE + GROUPS
PROXY = "127.0.0.1"

EXPECTED = """
                    viewer clerk marketer engineer reviewer
SEE                      x     x        x        x        x
SCORE                          x        x        x        x
LOOK_UP                        x
MAKE_LISTS                              x
RENAME                                  x
SEE_DATA                                         x        x
CHECK_FILES                                      x
SEE_QUARANTINE                                   x
RUN                                              x
OPERATE                                          x
APPROVE                                                   x
ERASE                                                     x
SHOW_SUBJECT                                              x
READ_AUDIT                                                x
"""


def expected() -> dict[tuple[Action, Role], bool]:
    """Return (action, role) -> whether it is allowed, as drawn in EXPECTED."""
    head, *lines = EXPECTED.strip("\n").splitlines()
    ends = {role: head.index(role) + len(role) for role in Role}
    return {
        (Action[line.split()[0]], role): line.ljust(len(head))[end - 1] == "x"
        for line in lines
        for role, end in ends.items()
    }


def rules(text: str = BOTH) -> AccessRules:
    """Return the rules of a text."""
    return parsed(text)


def write_rules(folder: Path, text: str = BOTH) -> Path:
    """Write a file of access rules."""
    path = folder / "access.toml"
    path.write_text(text, encoding="utf-8")
    return path


def headers(*roles: Role, user: str = "ann") -> list[tuple[bytes, bytes]]:
    """Return the headers that a proxy adds for someone in the groups of roles."""
    groups = ",".join(f"{role}s" for role in roles)
    return [
        (b"x-forwarded-user", user.encode()),
        (b"x-forwarded-groups", groups.encode()),
    ]


def claims(*roles: Role, **changes: Any) -> dict[str, Any]:
    """Return the claims of a login of someone in the groups of roles."""
    found = {
        "is_logged_in": True,
        "sub": "1",
        "email": "ann@bank.example",
        "email_verified": True,
        "groups": [f"{role}s" for role in roles],
        "iat": int(time.time()),
    }
    return found | changes
