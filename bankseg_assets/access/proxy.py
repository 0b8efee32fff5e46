"""The identity of a request from the headers of a trusted proxy."""

from collections.abc import Iterable, Sequence

from bankseg_assets.access.identity import PROXY, Identity
from bankseg_assets.access.rules import AccessRules, ProxyRules
from bankseg_assets.privacy.audit import Actor

Headers = Iterable[tuple[bytes, bytes]]


def forwarded_identity(rules: AccessRules, peer: str, headers: Headers) -> Identity | None:
    """Return the identity that a proxy forwards; None without one, or from another address.

    A header that occurs twice is not used: a proxy that adds its header instead of replacing that
    of the browser would let the browser choose a name.
    """
    proxy = rules.proxy
    if proxy is None or not proxy.trusts(peer):
        return None
    given = list(headers)
    users, groups = (_values(given, name) for name in (proxy.user_header, proxy.groups_header))
    if len(users) != 1 or not users[0] or len(groups) > 1:
        return None
    names = groups_of(proxy, groups[0]) if groups else []
    return Identity(Actor(users[0], PROXY), rules.roles_of(users[0], names))


def groups_of(proxy: ProxyRules, text: str) -> list[str]:
    """Return the groups of a header.

    >>> groups_of(ProxyRules(addresses=()), "staff, risk")
    ['staff', 'risk']
    """
    return [one.strip() for one in text.split(proxy.separator) if one.strip()]


def _values(headers: Sequence[tuple[bytes, bytes]], name: str) -> list[str]:
    wanted = name.lower().encode("latin-1")
    return [_text(value) for key, value in headers if key.lower() == wanted]


def _text(value: bytes) -> str:
    """Return a header's value; UTF-8 if it is, because names of people have accents."""
    try:
        return value.decode().strip()
    except UnicodeDecodeError:
        return value.decode("latin-1").strip()
