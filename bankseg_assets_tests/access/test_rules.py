"""A file of access rules: what is read, and what is refused."""

from pathlib import Path

import pytest

from bankseg_assets.access.roles import Role
from bankseg_assets.access.rules import Members, access_rules, parsed
from bankseg_assets.runtime.settings import SettingsError, load_settings
from bankseg_assets_tests.access.people import BOTH, GROUPS, LOGIN_TABLE, PROXY_TABLE, write_rules


def test_rules_are_read_with_defaults() -> None:
    found = parsed(BOTH)
    assert found.proxy is not None and found.login is not None
    assert (found.proxy.user_header, found.proxy.groups_header) == (
        "X-Forwarded-User",
        "X-Forwarded-Groups",
    )
    assert (found.login.user_claim, found.login.max_hours) == ("email", 12)
    assert found.command_line


def test_users_and_groups_give_roles() -> None:
    found = parsed(PROXY_TABLE + GROUPS + '[users]\nreviewer = ["ann"]\nviewer = ["*"]\n')
    assert found.roles_of("ann", ["clerks"]) == {Role.REVIEWER, Role.CLERK, Role.VIEWER}
    assert found.roles_of("Ann", ["Clerks", "other"]) == {Role.VIEWER}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[proxy", "is not valid TOML"),
        (GROUPS, "has neither [proxy] nor [login]"),
        (LOGIN_TABLE, "gives no role to any user or group"),
        ("[proxy]\n" + GROUPS, "[proxy] has no addresses"),
        ("[proxy]\naddresses = []\n" + GROUPS, "[proxy] has no addresses"),
        ("login = 1\n" + GROUPS, "login must be a table; found 1"),
        (LOGIN_TABLE + '[groups]\nviewer = [" "]\n', "viewer must be a list of texts"),
        ('[proxy]\naddresses = ["proxy.bank"]\n' + GROUPS, "Host names are not allowed"),
        ('[proxy]\naddresses = ["10.0.0.1/8"]\n' + GROUPS, "'10.0.0.1/8' is not an address"),
        ('[proxy]\naddresses = "10.0.0.1"\n' + GROUPS, "addresses must be a list of texts"),
        (PROXY_TABLE + 'user_heder = "X-User"\n' + GROUPS, "unknown keys ['user_heder']"),
        (PROXY_TABLE + 'user_header = ""\n' + GROUPS, "user_header is empty"),
        (LOGIN_TABLE + "max_hours = 0\n" + GROUPS, "max_hours must be above 0"),
        (LOGIN_TABLE + "max_hours = true\n" + GROUPS, "max_hours must be above 0"),
        (LOGIN_TABLE + '[groups]\nadmin = ["it"]\n', "unknown keys ['admin']"),
        (LOGIN_TABLE + "[groups]\nviewer = [1]\n", "viewer must be a list of texts"),
        ("command_line = 1\n" + BOTH, "command_line must be true or false"),
    ],
)
def test_faulty_rules_name_what_was_expected(text: str, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        parsed(text)
    assert message in str(error.value)


def test_every_role_can_be_given() -> None:
    assert [*Members.model_fields] == [*Role]


def test_missing_file_does_not_open_access(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        access_rules(tmp_path / "access.toml")


def test_changed_file_is_read_again(tmp_path: Path) -> None:
    path = write_rules(tmp_path)
    assert access_rules(path) is access_rules(path)
    write_rules(tmp_path, PROXY_TABLE + '[users]\nviewer = ["ann"]\n')
    found = access_rules(path)
    assert found is not None and found.login is None


def test_access_is_not_restricted_without_a_setting(tmp_path: Path) -> None:
    settings = load_settings({}, tmp_path / "no.toml")
    assert settings.access_rules is None
    assert access_rules(None) is None


def test_setting_is_relative_to_the_caller(tmp_path: Path) -> None:
    environ = {"BANKSEG_ACCESS": "access.toml", "BANKSEG_CALLED_FROM": str(tmp_path)}
    settings = load_settings(environ, tmp_path / "no.toml")
    assert settings.access_rules == tmp_path / "access.toml"
