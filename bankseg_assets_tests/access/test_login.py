"""Claims of a login that cannot be used."""

import time
from typing import Any

import pytest

from bankseg_assets.access.login import LoginError, claimed_identity
from bankseg_assets.access.roles import Role
from bankseg_assets_tests.access.people import GROUPS, PROXY_TABLE, claims, rules


def test_login_has_name_and_roles() -> None:
    found = claimed_identity(rules(), claims(Role.CLERK), time.time())
    assert (found.actor.name, found.actor.known_by) == ("ann@bank.example", "login")
    assert found.roles == {Role.CLERK}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"iat": 0}, "older than 12 hours"),
        ({"iat": None}, "older than 12 hours"),
        ({"email": None}, "does not have the claim 'email'"),
        ({"email": " "}, "does not have the claim 'email'"),
        ({"email_verified": False}, "is not verified"),
    ],
)
def test_unusable_login_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(LoginError, match=message):
        claimed_identity(rules(), claims(Role.CLERK, **changes), time.time())


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        ("clerks", {Role.CLERK}),
        (None, set()),
        ({"clerks": 1}, set()),
        (["clerks", 1], {Role.CLERK}),
    ],
)
def test_groups_may_be_one_text_or_a_list(groups: object, roles: set[Role]) -> None:
    found = claimed_identity(rules(), claims(groups=groups), time.time())
    assert found.roles == roles


def test_login_is_refused_if_rules_have_none() -> None:
    with pytest.raises(LoginError, match="not in use"):
        claimed_identity(rules(PROXY_TABLE + GROUPS), claims(Role.CLERK), time.time())
