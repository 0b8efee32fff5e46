"""Headers of a proxy are used from its address alone, and only if they are unambiguous."""

import pytest

from bankseg_assets.access.proxy import forwarded_identity
from bankseg_assets.access.roles import Role
from bankseg_assets_tests.access.people import GROUPS, LOGIN_TABLE, PROXY, headers, rules

NETWORK = '[proxy]\naddresses = ["10.1.0.0/16", "::1"]\n' + GROUPS


@pytest.mark.parametrize("peer", ["10.1.2.3", "::1", "::ffff:10.1.2.3"])
def test_headers_from_a_named_address_are_used(peer: str) -> None:
    found = forwarded_identity(rules(NETWORK), peer, headers(Role.CLERK))
    assert found is not None
    assert (found.actor.name, found.actor.known_by) == ("ann", "proxy")
    assert found.roles == {Role.CLERK}


@pytest.mark.parametrize("peer", ["10.2.0.1", "127.0.0.1", "::2", "::ffff:10.2.0.1", "", "socket"])
def test_headers_from_elsewhere_are_ignored(peer: str) -> None:
    assert forwarded_identity(rules(NETWORK), peer, headers(Role.CLERK)) is None


def test_headers_are_ignored_without_a_proxy() -> None:
    found = rules(LOGIN_TABLE + GROUPS)
    assert forwarded_identity(found, PROXY, headers(Role.CLERK)) is None


@pytest.mark.parametrize("name", [b"x-forwarded-user", b"X-Forwarded-Groups"])
def test_header_that_occurs_twice_is_not_used(name: bytes) -> None:
    given = [*headers(Role.CLERK), (name, b"reviewers")]
    assert forwarded_identity(rules(), PROXY, given) is None


@pytest.mark.parametrize("given", [[], [(b"x-forwarded-user", b" ")], headers()[1:]])
def test_request_without_a_user_has_no_identity(given: list[tuple[bytes, bytes]]) -> None:
    assert forwarded_identity(rules(), PROXY, given) is None


def test_names_of_headers_are_settings() -> None:
    text = (
        '[proxy]\naddresses = ["127.0.0.1"]\nuser_header = "X-Bank-User"\n'
        'groups_header = "X-Bank-Groups"\nseparator = ";"\n[groups]\nclerk = ["CN=a,OU=b"]\n'
    )
    given = [(b"x-bank-user", "Zoë".encode()), (b"x-bank-groups", b"CN=x; CN=a,OU=b")]
    found = forwarded_identity(rules(text), PROXY, [*given, *headers(Role.REVIEWER)])
    assert found is not None
    assert found.actor.name == "Zoë"
    assert found.roles == {Role.CLERK}
