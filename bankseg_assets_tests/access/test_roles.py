"""Each cell of the table of roles, by the headers of a proxy and by a login."""

import time

import pytest

from bankseg_assets.access.identity import Identity
from bankseg_assets.access.login import claimed_identity
from bankseg_assets.access.proxy import forwarded_identity
from bankseg_assets.access.roles import Action, Role, may
from bankseg_assets_tests.access.people import PROXY, claims, expected, headers, rules

CELLS = expected()


def by_header(*roles: Role) -> Identity:
    found = forwarded_identity(rules(), PROXY, headers(*roles))
    assert found is not None
    return found


def by_login(*roles: Role) -> Identity:
    return claimed_identity(rules(), claims(*roles), time.time())


def test_table_has_each_action_and_role() -> None:
    assert set(CELLS) == {(action, role) for action in Action for role in Role}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_cell_of_the_table_by_header(action: Action, role: Role) -> None:
    assert by_header(role).may(action) is CELLS[action, role]


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_cell_of_the_table_by_login(action: Action, role: Role) -> None:
    assert by_login(role).may(action) is CELLS[action, role]


@pytest.mark.parametrize("by", [by_header, by_login])
def test_several_roles_allow_what_any_of_them_allows(by: object) -> None:
    assert callable(by)
    found: Identity = by(Role.CLERK, Role.MARKETER)
    assert found.may(Action.LOOK_UP)
    assert found.may(Action.MAKE_LISTS)
    assert not found.may(Action.RUN)
    assert found.roles_text == "clerk, marketer"


@pytest.mark.parametrize("by", [by_header, by_login])
def test_name_without_a_role_may_do_nothing(by: object) -> None:
    assert callable(by)
    found: Identity = by()
    assert found.is_known
    assert not any(found.may(action) for action in Action)


@pytest.mark.parametrize("action", Action)
def test_each_action_is_allowed_to_a_role(action: Action) -> None:
    assert may(Role, action)
