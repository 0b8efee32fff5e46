"""Who uses a session, and what this person may do.

Without access rules, everyone may do everything, as the operating system's user. Every button that
acts uses `permitted`, every file that is made on demand `guarded` (by `file_button`): a page that
does not show a button cannot keep a program from pressing it.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from app.state.peers import PEER_HEADER, sealed_peer
from bankseg_assets.access import checks
from bankseg_assets.access.identity import Identity, unknown, unrestricted
from bankseg_assets.access.login import LoginError, claimed_identity
from bankseg_assets.access.proxy import forwarded_identity
from bankseg_assets.access.roles import Action
from bankseg_assets.access.rules import access_rules
from bankseg_assets.runtime.settings import load_settings

LOGGED_IN = "is_logged_in"


@dataclass(frozen=True)
class Credentials:
    """What a session is known by: the connection's peer and headers, and the login's claims."""

    peer: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    claims: Mapping[str, Any] = field(default_factory=dict)


def who() -> Identity:
    """Return the identity of the session; an unknown one if there is no name.

    Raises SettingsError for access rules that cannot be read, LoginError for an unusable login.
    """
    return identity_of(credentials())


def identity_of(given: Credentials) -> Identity:
    """Return the identity of credentials, by the access rules of now; as `who`."""
    rules = access_rules(load_settings().access_rules)
    if rules is None:
        return unrestricted()
    found = forwarded_identity(rules, given.peer, given.headers)
    if found is not None:
        return found
    if rules.login is not None and given.claims.get(LOGGED_IN) is True:
        return claimed_identity(rules, given.claims, time.time())
    return unknown(given.peer)


def credentials() -> Credentials:
    """Return the credentials of the session."""
    headers = st.context.headers
    every = tuple(
        (name.encode(), value.encode("latin-1", "replace"))
        for name in headers
        for value in headers.get_all(name)
    )
    return Credentials(sealed_peer(headers.get(PEER_HEADER, "")), every, st.user.to_dict())


def may(action: Action) -> bool:
    """Return whether the session may do something, to show or hide it."""
    try:
        return who().may(action)
    except LoginError:
        return False


@contextmanager
def permitted(action: Action) -> Iterator[None]:
    """Do something as the session's identity. Raises RefusedError, which is recorded."""
    with checks.permitted(_usable(credentials()), action, load_settings().data_dir):
        yield


def guarded(action: Action, make: Callable[[], bytes]) -> Callable[[], bytes]:
    """Return a function that makes a file if the session may; it needs no session itself.

    The rules of the moment in which the file is made decide.
    """
    given = credentials()

    def made() -> bytes:
        with checks.permitted(_usable(given), action, load_settings().data_dir):
            return make()

    return made


def _usable(given: Credentials) -> Identity:
    try:
        return identity_of(given)
    except LoginError:
        return unknown(given.peer)
