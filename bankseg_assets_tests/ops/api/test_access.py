"""Each route of the API and each role, by the headers of a proxy, over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bankseg_assets.access.roles import Action, Role
from bankseg_assets.privacy.audit import AuditLog
from bankseg_assets_tests.access.people import GROUPS, expected, headers, write_rules
from bankseg_assets_tests.app.customers import tables
from bankseg_assets_tests.app.publishing import publish
from bankseg_assets_tests.ops.api.serving import Answered, Client, serving
from ops.api.access import UNCHECKED, action_of
from ops.api.server import build_api

CELLS = expected()
REQUESTS: dict[str, object] = {
    "/model": None,
    "/docs": None,
    "/openapi.json": None,
    "/audiences": None,
    "/score": {"frequency": 1},
    "/score/batch": [{"frequency": 1}],
    "/forecast": {"active_days": 1, "recency": 9, "first_day": "2016-10-13"},
    "/customers": {"id": "C0"},
    "/customers/C0": None,
    "/control-group": {"campaign": "spring", "customers": ["C1"]},
    "/campaigns": None,
}
"""Path -> the body of its request."""
ELSEWHERE = '[proxy]\naddresses = ["10.1.2.3"]\n' + GROUPS


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server with access rules, whose proxy is this machine."""
    data_dir = tmp_path_factory.mktemp("api_access")
    publish(data_dir, tables())
    with serving(data_dir, rules=write_rules(data_dir)) as found:
        yield found


def asked(client: Client, path: str, *roles: Role, user: str = "ann", **more: str) -> Answered:
    given = {name.decode(): value.decode() for name, value in headers(*roles, user=user)} | more
    body = REQUESTS[path]
    return client.get(path, **given) if body is None else client.post(path, body, **given)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("path", REQUESTS)
def test_route_answers_the_roles_of_the_table(client: Client, path: str, role: Role) -> None:
    found = asked(client, path, role)
    assert (found.status == 200) is CELLS[action_of(path), role], found.text
    if found.status != 200:
        assert found.status == 403
        assert f"'ann' has the role {role}; to {action_of(path)}, the role " in found.detail


@pytest.mark.parametrize("role", Role)
def test_campaigns_are_changed_by_marketers(client: Client, role: Role) -> None:
    given = {name.decode(): value.decode() for name, value in headers(role)}
    wanted = {
        **{"name": "Spring", "groups": ["Champions"]},
        **{"starts_on": "2016-10-22", "ends_on": "2016-11-20"},
    }
    is_marketer = CELLS[Action.MAKE_LISTS, role]
    found = client.post("/campaigns/plan", wanted, **given)
    assert found.status == (200 if is_marketer else 403)
    for answered in (
        client.post("/campaigns/spring/list", None, **given),
        client.delete("/campaigns/spring", **given),
    ):
        assert answered.status == (404 if is_marketer else 403)


def test_request_without_a_name_is_refused(client: Client) -> None:
    found = client.get("/model")
    assert found.status == 403
    assert "No one is named by this request" in found.detail
    assert client.get("/health").status == 200
    assert client.get("/customers/C7777777").status == 403
    entries = AuditLog(client.data_dir / "audit").entries()
    refused = [one for one in entries if one["known_by"] == "not logged in"]
    assert [(one["who"], one["on"], one["why"]) for one in refused] == [
        ("unknown at 127.0.0.1", Action.SEE.value, "no name"),
        ("unknown at 127.0.0.1", Action.LOOK_UP.value, "no name"),
    ]


def test_headers_from_elsewhere_are_ignored(tmp_path: Path) -> None:
    """Also if the request pretends to be forwarded by the proxy."""
    publish(tmp_path)
    pretended = {"X-Forwarded-For": "10.1.2.3"}
    with serving(tmp_path, rules=write_rules(tmp_path, ELSEWHERE)) as client:
        assert asked(client, "/model", *Role).status == 403
        assert asked(client, "/model", *Role, **pretended).status == 403


def test_audit_log_names_the_caller(client: Client) -> None:
    assert asked(client, "/customers", Role.CLERK, user="crm").status == 200
    assert asked(client, "/control-group", Role.VIEWER, user="intranet").status == 403
    entries = list(AuditLog(client.data_dir / "audit").entries())
    (looked_up,) = (one for one in entries if one["who"] == "crm")
    (refused,) = (one for one in entries if one["who"] == "intranet")
    assert (looked_up["what"], looked_up["known_by"]) == ("subject looked up", "proxy")
    assert (refused["what"], refused["on"]) == ("refused", Action.MAKE_LISTS.value)


def test_faulty_rules_refuse_every_request(tmp_path: Path) -> None:
    publish(tmp_path)
    rules = write_rules(tmp_path)
    with serving(tmp_path, rules=rules) as client:
        assert asked(client, "/model", Role.VIEWER).status == 200
        rules.write_text("[proxy]", encoding="utf-8")
        found = asked(client, "/model", Role.VIEWER)
    assert found.status == 503
    assert "has no addresses" in found.detail


def test_each_route_is_in_the_table(tmp_path: Path) -> None:
    """A route that is not listed would need the role of an engineer."""
    paths = set(build_api(tmp_path).openapi()["paths"])
    assert paths >= {"/score/list", "/customers/{customer_id}", "/health"}
    assert {one for one in paths - UNCHECKED if action_of(one) is Action.OPERATE} == set()


@pytest.mark.parametrize("path", ["//customers/C0", "/Customers/C0", "/./customers/C0"])
def test_other_spelling_of_a_path_is_no_way_around(client: Client, path: str) -> None:
    given = {name.decode(): value.decode() for name, value in headers(Role.VIEWER)}
    assert client.get(path, **given).status == 403
