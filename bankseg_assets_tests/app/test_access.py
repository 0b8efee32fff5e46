"""Each page and each role, in a running app: by the headers of a proxy, and by a login."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bankseg_assets.access.roles import Action, Role
from bankseg_assets.privacy.audit import AuditLog
from bankseg_assets_tests.access.people import (
    GROUPS,
    LOGIN_TABLE,
    PROXY_TABLE,
    claims,
    expected,
    headers,
    write_rules,
)
from bankseg_assets_tests.app.customers import tables
from bankseg_assets_tests.app.provider import Provider, provider
from bankseg_assets_tests.app.publishing import publish
from bankseg_assets_tests.app.serving import free_port, serve
from bankseg_assets_tests.app.sessions import logged_in, session

pytestmark = [pytest.mark.slow, pytest.mark.subprocess]
CELLS = expected()
PAGES = {
    "": Action.SEE,
    "segments": Action.SEE,
    "rfm_grid": Action.SEE,
    "campaign": Action.MAKE_LISTS,
    "campaigns": Action.SEE,
    "value": Action.SEE,
    "watch": Action.MAKE_LISTS,
    "changes": Action.SEE,
    "trends": Action.SEE,
    "customer": Action.LOOK_UP,
    "new_customer": Action.SCORE,
    "batch": Action.SCORE,
    "explore": Action.SEE,
    "quality": Action.SEE,
    "check_file": Action.CHECK_FILES,
    "deliveries": Action.SEE_DATA,
    "approval": Action.SEE_DATA,
    "health": Action.SEE_DATA,
    "audit": Action.READ_AUDIT,
    "about": Action.SEE,
}
REFUSED = "This page is not for your role"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A platform with a release."""
    folder = tmp_path_factory.mktemp("app_access")
    publish(folder, tables())
    return folder


@pytest.fixture(scope="module")
def behind_proxy(data_dir: Path) -> Iterator[str]:
    """An app whose proxy is this machine."""
    rules = write_rules(data_dir, PROXY_TABLE + GROUPS)
    with serve(data_dir, rules=rules, BANKSEG_REQUIRE_APPROVAL="true") as address:
        yield address


@pytest.fixture(scope="module")
def with_login(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Provider]]:
    """An app with logins, and its provider."""
    folder = tmp_path_factory.mktemp("app_login")
    publish(folder, tables())
    rules, port = write_rules(folder, LOGIN_TABLE + GROUPS), free_port()
    with provider() as found:
        secrets_file = folder / "secrets.toml"
        secrets_file.write_text(found.secrets_file(f"http://127.0.0.1:{port}"), encoding="utf-8")
        option = ("--secrets.files", str(secrets_file))
        approval = {"BANKSEG_REQUIRE_APPROVAL": "true"}
        with serve(folder, *option, port=port, rules=rules, **approval) as address:
            yield address, found


def login(address: str, found: Provider, *roles: Role) -> dict[str, str]:
    """Press "Log in", follow the login, and return the cookies of the browser."""
    found.claims = claims(*roles)
    with session(address) as visitor:
        assert visitor.visit("").menu == []
        redirect = visitor.press("Log in").redirect
    return logged_in(address, redirect)


def check_pages(address: str, role: Role, **how: object) -> None:
    """Check the menu, and what each page answers that is addressed."""
    allowed = [page for page, action in PAGES.items() if CELLS[action, role]]
    with session(address, **how) as person:  # type: ignore[arg-type]
        for page in PAGES:
            shown = person.visit(page)
            assert not shown.exceptions
            assert shown.menu == allowed
            assert (REFUSED in shown.text) is (page not in allowed), page
            assert f"Roles: {role}." in shown.text


@pytest.mark.parametrize("role", Role)
def test_pages_of_a_role_by_header(behind_proxy: str, role: Role) -> None:
    check_pages(behind_proxy, role, headers=headers(role))


@pytest.mark.parametrize("role", Role)
def test_pages_of_a_role_by_login(with_login: tuple[str, Provider], role: Role) -> None:
    address, found = with_login
    check_pages(address, role, cookies=login(address, found, role))


def test_page_without_a_name_says_where_to_log_in(behind_proxy: str, data_dir: Path) -> None:
    """It is recorded as the API and the Dagster UI do."""
    with session(behind_proxy) as visitor:
        shown = visitor.visit("segments")
        visitor.visit("segments")
    assert shown.menu == []
    assert "Open the app at the address of the proxy" in shown.text
    assert "Small spenders" not in shown.text
    entries = AuditLog(data_dir / "audit").entries()
    refused = [one for one in entries if one["who"] == "unknown at 127.0.0.1"]
    assert [(one["on"], one["why"]) for one in refused] == [(Action.SEE.value, "no name")]


def test_login_without_a_role_shows_no_page(with_login: tuple[str, Provider]) -> None:
    address, found = with_login
    with session(address, cookies=login(address, found)) as person:
        shown = person.visit("")
        assert shown.menu == []
        assert "'ann@bank.example' does not have a role" in shown.text
        assert person.press("Log out").redirect.endswith("/auth/logout")


def test_headers_do_not_replace_a_login(with_login: tuple[str, Provider]) -> None:
    with session(with_login[0], headers=headers(*Role)) as visitor:
        assert visitor.visit("").menu == []


@pytest.mark.parametrize("allowed", ["", "127.0.0.1,::1", "*"])
def test_headers_from_elsewhere_are_ignored_by_pages(
    data_dir: Path, tmp_path: Path, allowed: str
) -> None:
    """Also if they pretend to come from the proxy, or from this server itself.

    `allowed`: whose X-Forwarded-For uvicorn believes.
    """
    text = '[proxy]\naddresses = ["10.1.2.3"]\n' + GROUPS
    rules = write_rules(tmp_path, text)
    with serve(data_dir, rules=rules, FORWARDED_ALLOW_IPS=allowed) as address:
        for more in ((b"X-Forwarded-For", b"10.1.2.3"), (b"X-Bankseg-Peer", b"x 10.1.2.3")):
            with session(address, headers=[*headers(*Role), more]) as visitor:
                shown = visitor.visit("segments")
                assert shown.menu == []
                assert "Log in" in shown.text


def test_login_without_a_provider_says_what_is_missing(data_dir: Path, tmp_path: Path) -> None:
    with (
        serve(data_dir, rules=write_rules(tmp_path, LOGIN_TABLE + GROUPS)) as address,
        session(address) as visitor,
    ):
        shown = visitor.visit("segments")
    assert "adds the section [auth]" in shown.text
    assert shown.buttons == {}


def test_faulty_rules_show_nothing(data_dir: Path, tmp_path: Path) -> None:
    with (
        serve(data_dir, rules=write_rules(tmp_path, "[proxy]")) as address,
        session(address, headers=headers(*Role)) as person,
    ):
        shown = person.visit("segments")
    assert "has no addresses" in shown.text
    assert "Small spenders" not in shown.text


def test_refused_page_is_recorded(behind_proxy: str, data_dir: Path) -> None:
    with session(behind_proxy, headers=headers(Role.VIEWER, user="bea")) as person:
        person.visit("campaign")
        person.visit("campaign")
    entries = [one for one in AuditLog(data_dir / "audit").entries() if one["who"] == "bea"]
    assert [(one["what"], one["on"]) for one in entries] == [("refused", Action.MAKE_LISTS.value)]


def test_everything_is_open_without_rules(data_dir: Path) -> None:
    with serve(data_dir) as address, session(address) as person:
        shown = person.visit("campaign")
    assert shown.menu == [page for page in PAGES if page != "approval"]  # which is a setting
    assert REFUSED not in shown.text
    assert "Logged in as" not in shown.text


def test_each_view_is_in_the_table() -> None:
    views = {path.stem for path in (Path(__file__).parents[2] / "app" / "views").glob("*.py")}
    assert views == (PAGES.keys() - {""}) | {"overview", "not_found"}
