"""Checks of deploy/compose.yaml: references, permissions and published ports.

No container is started: there was no container engine to test with.
"""

import re
from importlib.util import find_spec
from typing import Any

import pytest

from bankseg_assets_tests.deploy.folder import DEPLOY, document
from ops.launch.services import APP_ENVIRON

COMPOSE: dict[str, Any] = document("compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("bankseg:")]
NGINX = (DEPLOY / "nginx" / "bankseg.conf.template").read_text("utf-8")
DOMAIN = "BANKSEG_DOMAIN"


def command(service: str) -> list[str]:
    found: list[str] = SERVICES[service]["command"]
    return found


def port_of(service: str) -> int:
    option = "--server.port" if service == "app" else "--port"
    return int(command(service)[command(service).index(option) + 1])


@pytest.mark.parametrize("service", SERVICES)
def test_compose_references_exist(service: str) -> None:
    found = SERVICES[service]
    assert set(found.get("depends_on", ())) <= set(SERVICES)
    assert set(found["networks"]) <= set(COMPOSE["networks"])
    assert set(found.get("secrets", ())) <= set(COMPOSE["secrets"])
    for volume in found.get("volumes", ()):
        source = volume.split(":")[0]
        assert source in COMPOSE["volumes"] or (DEPLOY / source).exists(), source


@pytest.mark.parametrize("service", OURS)
def test_compose_commands_exist(service: str) -> None:
    words = command(service)
    modules = [words[n + 1] for n, word in enumerate(words) if word in ("-m", "--module-name")]
    assert all(find_spec(module) for module in modules)
    files = [word for word in words if re.search(r"\.(py|yaml)$", word)]
    assert all((DEPLOY.parent / file).exists() for file in files)
    assert words[0] in ("python", "dagster")


def test_instance_users_get_its_address() -> None:
    database = document("dagster.yaml")["storage"]["postgres"]["postgres_db"]
    needed = {value["env"] for value in database.values() if isinstance(value, dict)}
    for service in ("code-server", "daemon", "webserver"):
        environ = SERVICES[service]["environment"]
        assert needed <= set(environ)
        assert environ["DAGSTER_POSTGRES_HOST"] in SERVICES
    postgres = SERVICES["postgres"]["environment"]
    environ = SERVICES["daemon"]["environment"]
    for ours, theirs in (("USER", "USER"), ("PASSWORD", "PASSWORD"), ("DB", "DB")):
        assert environ[f"DAGSTER_POSTGRES_{ours}"] == postgres[f"POSTGRES_{theirs}"]


def test_workspace_names_the_code_server() -> None:
    (server,) = document("workspace.yaml")["load_from"]
    assert server["grpc_server"]["host"] in SERVICES
    assert server["grpc_server"]["port"] == port_of(server["grpc_server"]["host"])


def test_proxy_forwards_to_the_services() -> None:
    upstreams = dict(re.findall(r"proxy_pass http://([\w-]+):(\d+);", NGINX))
    assert {name: int(port) for name, port in upstreams.items()} == {
        name: port_of(name) for name in ("app", "api", "webserver")
    }
    assert set(upstreams) <= set(SERVICES["proxy"]["depends_on"])


def test_proxy_gets_only_the_secrets_it_reads() -> None:
    assert set(re.findall(r"/run/secrets/(\w+)", NGINX)) == set(SERVICES["proxy"]["secrets"])
    assert set(re.findall(r"\$\{(\w+)\}", NGINX)) == set(SERVICES["proxy"]["environment"])


def test_only_the_proxy_publishes_ports() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert [name for name in SERVICES if "outside" in SERVICES[name]["networks"]] == ["proxy"]


@pytest.mark.parametrize("service", OURS)
def test_containers_run_with_least_privileges(service: str) -> None:
    found = SERVICES[service]
    assert found["read_only"]
    assert found["cap_drop"] == ["ALL"]
    assert found["security_opt"] == ["no-new-privileges:true"]


def test_read_only_services_cannot_write() -> None:
    for service in ("app", "api"):
        assert SERVICES[service]["volumes"] == ["data:/data:ro"]
        environ = SERVICES[service].get("environment", {})
        assert not [name for name in environ if name.startswith("DAGSTER")]  # where the database is


def test_app_has_the_malloc_environment() -> None:
    rules = {"BANKSEG_ACCESS": "${BANKSEG_ACCESS:-}"}
    assert SERVICES["app"]["environment"] == APP_ENVIRON | rules


def test_access_rules_reach_every_server() -> None:
    assert [
        name for name in SERVICES if "BANKSEG_ACCESS" in SERVICES[name].get("environment", ())
    ] == [
        *("webserver", "app", "api"),
    ]


def test_compose_contains_no_secret() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    passwords = re.findall(r"PASSWORD: (.+)", text)
    assert passwords
    assert all(re.match(r"\$\{\w+:(\?|-\})", password) for password in passwords)
    ignored = (DEPLOY.parent / ".gitignore").read_text("utf-8").splitlines()
    assert {"/deploy/.env", "/deploy/secrets/"} <= set(ignored)
