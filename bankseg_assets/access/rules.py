"""The access rules of a bank: a TOML file that says who has which role, and how a name is known."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Any

from bankseg_assets.access.roles import Role
from bankseg_assets.runtime.settings import SettingsError

Network = IPv4Network | IPv6Network
EVERYONE = "*"
"""Instead of a user: everyone whose name is known."""
MAX_BYTES = 1 << 20
_ROLES = tuple(Role)


@dataclass(frozen=True)
class ProxyRules:
    """The proxies whose headers are trusted, and the names of these headers."""

    addresses: tuple[Network, ...]
    user_header: str = "X-Forwarded-User"
    groups_header: str = "X-Forwarded-Groups"
    separator: str = ","

    def trusts(self, peer: str) -> bool:
        """Return whether the other end of a connection is one of the proxies."""
        try:
            address = ip_address(peer)
        except ValueError:  # a Unix socket has no address
            return False
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return any((mapped or address) in one for one in self.addresses)


@dataclass(frozen=True)
class LoginRules:
    """The claims of a login (OpenID Connect), and the hours after which it must be repeated."""

    user_claim: str = "email"
    groups_claim: str = "groups"
    max_hours: float = 12.0


@dataclass(frozen=True)
class AccessRules:
    """Who has which role; `proxy` and `login`: how a name is known, None if not in this way.

    `command_line`: whether the rules hold on the command line too, by the operating system's users
    and groups.
    """

    proxy: ProxyRules | None = None
    login: LoginRules | None = None
    command_line: bool = True
    users: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    groups: Mapping[str, frozenset[Role]] = field(default_factory=dict)

    def roles_of(self, user: str, groups: Iterable[str]) -> frozenset[Role]:
        """Return the roles of a user and its groups; names are compared exactly."""
        found = [self.users.get(user), self.users.get(EVERYONE), *map(self.groups.get, groups)]
        return frozenset(role for roles in found if roles for role in roles)


def access_rules(path: Path | None) -> AccessRules | None:
    """Return the rules of a file; None without a file: access is not restricted.

    Raises SettingsError if the file is missing or invalid; access must then be refused.
    """
    if path is None:
        return None
    try:
        status = path.stat()
        return _read(path, status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise SettingsError(
            f"The access rules {path} cannot be read ({error.strerror}). Set BANKSEG_ACCESS to an "
            "existing file; until then, nothing is shown."
        ) from error


def parsed(text: str, name: str = "access.toml") -> AccessRules:
    """Return the rules of a text; raises SettingsError."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{name} is not valid TOML: {error}. Correct it.") from error
    top = _Table(found, name)
    rules = AccessRules(
        proxy=_proxy(top.table("proxy")),
        login=_login(top.table("login")),
        command_line=top.switch("command_line", default=True),
        users=_members(top.table("users")),
        groups=_members(top.table("groups")),
    )
    top.finish()
    if rules.proxy is None and rules.login is None:
        raise SettingsError(
            f"{name} has neither [proxy] nor [login]: no one could use the app. Add one of them."
        )
    if not rules.users and not rules.groups:
        raise SettingsError(f"{name} gives no role to any user or group. Fill [users] or [groups].")
    return rules


@lru_cache(maxsize=4)
def _read(path: Path, _modified_ns: int, size: int) -> AccessRules:
    if size > MAX_BYTES:
        raise SettingsError(f"{path} has {size:,} bytes; access rules have at most {MAX_BYTES:,}.")
    try:
        return parsed(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8. Save it as UTF-8.") from error


def _proxy(table: "_Table | None") -> ProxyRules | None:
    if table is None:
        return None
    usual = ProxyRules(())
    texts = table.texts("addresses")
    if not texts:
        raise SettingsError(
            f"{table.where} has no addresses; list those of the proxy, such as "
            'addresses = ["127.0.0.1"].'
        )
    rules = ProxyRules(
        tuple(_network(text, table.where) for text in texts),
        table.text("user_header", usual.user_header),
        table.text("groups_header", usual.groups_header),
        table.text("separator", usual.separator),
    )
    table.finish()
    return rules


def _network(text: str, where: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise SettingsError(
            f"{where}: {text!r} is not an address; expected such as 127.0.0.1 or 10.1.0.0/16. "
            "Host names are not allowed."
        ) from error


def _login(table: "_Table | None") -> LoginRules | None:
    if table is None:
        return None
    usual = LoginRules()
    rules = LoginRules(
        table.text("user_claim", usual.user_claim),
        table.text("groups_claim", usual.groups_claim),
        table.hours("max_hours", usual.max_hours),
    )
    table.finish()
    return rules


def _members(table: "_Table | None") -> dict[str, frozenset[Role]]:
    """Return name -> roles of a table role = [names]."""
    found: dict[str, set[Role]] = {}
    if table is None:
        return {}
    for role in _ROLES:
        for name in table.texts(role):
            found.setdefault(name, set()).add(role)
    table.finish()
    return {name: frozenset(roles) for name, roles in found.items()}


class _Table:
    """A table of the file, whose keys are removed as they are read."""

    def __init__(self, content: Mapping[str, Any], where: str) -> None:
        self._left = dict(content)
        self._known: list[str] = []
        self.where = where

    def table(self, key: str) -> "_Table | None":
        found = self._take(key, dict, "a table")
        return None if found is None else _Table(found, f"{self.where} [{key}]")

    def text(self, key: str, default: str) -> str:
        found = self._take(key, str, "a text")
        if found == "":
            raise SettingsError(f"{self.where}: {key} is empty. Remove it, or give it a value.")
        return default if found is None else str(found)

    def texts(self, key: str) -> list[str]:
        found = self._take(key, list, "a list of texts") or []
        if not all(isinstance(one, str) and one.strip() for one in found):
            raise SettingsError(f'{self.where}: {key} must be a list of texts, such as ["staff"].')
        return [str(one) for one in found]

    def hours(self, key: str, default: float) -> float:
        found = self._take(key, (int, float), "a number of hours")
        if found is None:
            return default
        if isinstance(found, bool) or not found > 0:
            raise SettingsError(f"{self.where}: {key} must be above 0, such as 12; found {found}.")
        return float(found)

    def switch(self, key: str, *, default: bool) -> bool:
        found = self._take(key, bool, "true or false")
        return default if found is None else bool(found)

    def finish(self) -> None:
        """Raise SettingsError for keys that were not read: a typing error must not grant access."""
        if self._left:
            raise SettingsError(
                f"{self.where} has unknown keys {sorted(self._left)}; the known ones are: "
                f"{', '.join(self._known)}."
            )

    def _take(self, key: str, kind: type | tuple[type, ...], expected: str) -> Any:
        self._known.append(key)
        if key not in self._left:
            return None
        found = self._left.pop(key)
        if not isinstance(found, kind):
            raise SettingsError(f"{self.where}: {key} must be {expected}; found {found!r}.")
        return found
