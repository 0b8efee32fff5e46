"""The access rules of a bank: a TOML file that says who has which role, and how a name is known."""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from bankseg_assets.access.roles import Role
from bankseg_assets.contracts.toml.values import SLIP, TomlTable
from bankseg_assets.runtime.settings import SettingsError

Network = IPv4Network | IPv6Network
EVERYONE = "*"
"""Instead of a user: everyone whose name is known."""
MAX_BYTES = 1 << 20
_UNKNOWN, _MISSING = "extra_forbidden", "missing"
_LIST = 'a list of texts, such as ["staff"]'


def _must_be(expected: str) -> WrapValidator:
    """Return a validator that says what a key must be, instead of pydantic's words."""

    def validated(value: object, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError as error:
            if any(one["type"] in (SLIP, _MISSING) for one in error.errors()):
                raise
            raise _slip(f"must be {expected}; found {value!r}.") from None

    return WrapValidator(validated)


def _slip(sentence: str) -> PydanticCustomError:
    """Return an error whose sentence follows the table."""
    return PydanticCustomError(SLIP, "{sentence}", {"sentence": sentence})


def _table(value: object) -> object:
    if not isinstance(value, dict | TomlTable):
        raise _slip(f"must be a table; found {value!r}.")
    return value


def _text(value: object) -> object:
    if value == "":
        raise _slip("is empty. Remove it, or give it a value.")
    return value


def _number(value: object) -> object:
    return str(value) if isinstance(value, bool) else value


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _networks(value: object) -> object:
    """Return texts as networks; other values as they are."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return value
    if not value:
        raise PydanticCustomError(_MISSING, "no address")
    return tuple(map(_network, value))


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        raise _slip(
            f"has {text!r}: {text!r} is not an address; expected such as 127.0.0.1 or 10.1.0.0/16. "
            "Host names are not allowed."
        ) from None


Text = Annotated[str, BeforeValidator(_text), _must_be("a text")]
Hours = Annotated[float, Field(gt=0), BeforeValidator(_number), _must_be("above 0, such as 12")]
Name = Annotated[str, Field(pattern=r"\S")]
Names = Annotated[tuple[Name, ...], BeforeValidator(_tuple), _must_be(_LIST)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(_networks), _must_be(_LIST)]


class ProxyRules(TomlTable):
    """The proxies whose headers are trusted, and the names of these headers."""

    addresses: Networks
    user_header: Text = "X-Forwarded-User"
    groups_header: Text = "X-Forwarded-Groups"
    separator: Text = ","

    def trusts(self, peer: str) -> bool:
        """Return whether the other end of a connection is one of the proxies."""
        try:
            address = ip_address(peer)
        except ValueError:  # a Unix socket has no address
            return False
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return any((mapped or address) in one for one in self.addresses)


class LoginRules(TomlTable):
    """The claims of a login (OpenID Connect), and the hours after which it must be repeated."""

    user_claim: Text = "email"
    groups_claim: Text = "groups"
    max_hours: Hours = 12.0


class Members(TomlTable):
    """Role -> names of users or groups that have it."""

    viewer: Names = ()
    clerk: Names = ()
    marketer: Names = ()
    engineer: Names = ()
    reviewer: Names = ()

    @cached_property
    def roles(self) -> Mapping[str, frozenset[Role]]:
        """Name -> its roles."""
        found: dict[str, set[Role]] = {}
        for role in Role:
            for name in getattr(self, role):
                found.setdefault(name, set()).add(role)
        return {name: frozenset(roles) for name, roles in found.items()}


class AccessRules(TomlTable):
    """Who has which role; `proxy` and `login`: how a name is known, None if not in this way.

    `command_line`: whether the rules hold on the command line too, by the operating system's users
    and groups.
    """

    proxy: Annotated[ProxyRules | None, BeforeValidator(_table)] = None
    login: Annotated[LoginRules | None, BeforeValidator(_table)] = None
    command_line: Annotated[bool, _must_be("true or false")] = True
    users: Annotated[Members, BeforeValidator(_table)] = Members()
    groups: Annotated[Members, BeforeValidator(_table)] = Members()

    def roles_of(self, user: str, groups: Iterable[str]) -> frozenset[Role]:
        """Return the roles of a user and its groups; names are compared exactly."""
        users = self.users.roles
        found = [users.get(user), users.get(EVERYONE), *map(self.groups.roles.get, groups)]
        return frozenset(role for roles in found if roles for role in roles)


_TABLES: Mapping[str, type[TomlTable]] = {
    "": AccessRules,
    "proxy": ProxyRules,
    "login": LoginRules,
    "users": Members,
    "groups": Members,
}


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
    try:
        rules = AccessRules.model_validate(found)
    except ValidationError as error:
        raise SettingsError(_explained(error.errors(), name)) from None
    if rules.proxy is None and rules.login is None:
        raise SettingsError(
            f"{name} has neither [proxy] nor [login]: no one could use the app. Add one of them."
        )
    if not rules.users.roles and not rules.groups.roles:
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


def _explained(errors: list[ErrorDetails], name: str) -> str:
    """Return what is wrong first: an unknown key may be the misspelt name of a missing one."""
    first = min(errors, key=lambda one: one["type"] != _UNKNOWN)
    *tables, key = map(str, first["loc"])
    where = f"{name} [{tables[0]}]" if tables else name
    if first["type"] == _UNKNOWN:
        known = _TABLES[tables[0] if tables else ""].model_fields
        unknown = [
            str(one["loc"][-1])
            for one in errors
            if one["type"] == _UNKNOWN and one["loc"][:-1] == first["loc"][:-1]
        ]
        return (
            f"{where} has unknown keys {sorted(unknown)}; the known ones are: {', '.join(known)}."
        )
    if first["type"] == _MISSING:
        return (
            f'{where} has no addresses; list those of the proxy, such as addresses = ["127.0.0.1"].'
        )
    return f"{where}: {key} {first['msg']}"
