"""Checks of deploy/compose.yaml: references, permissions and published ports.

No container is started: there was no container engine to test with.
"""

import re
from importlib.util import find_spec
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from bankseg_assets.access.rules import access_rules
from bankseg_assets_tests.deploy.folder import DEPLOY, document
from ops.launch.services import APP_ENVIRON

COMPOSE: dict[str, Any] = document("compose.yaml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("bankseg:")]
NGINX = (DEPLOY / "nginx" / "bankseg.conf.template").read_text("utf-8")
DOMAIN = "BANKSEG_DOMAIN"
RULES = "BANKSEG_ACCESS"
ACCESS_FOLDER = "/etc/bankseg"
EXAMPLE = DEPLOY / "access" / "example.toml"


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
        assert all(volume.endswith(":ro") for volume in SERVICES[service]["volumes"])
        environ = SERVICES[service].get("environment", {})
        assert not [name for name in environ if name.startswith("DAGSTER")]  # where the database is


def test_app_has_the_malloc_environment() -> None:
    environ = dict(SERVICES["app"]["environment"])
    del environ[RULES]
    assert environ == APP_ENVIRON


def test_access_rules_reach_every_server() -> None:
    """Whether there are any must be said: nothing is open because a line was lost."""
    servers = [name for name in SERVICES if RULES in SERVICES[name].get("environment", ())]
    assert servers == ["webserver", "app", "api"]
    for name in servers:
        assert SERVICES[name]["environment"][RULES].startswith(f"${{{RULES}?")
        assert f"./access:{ACCESS_FOLDER}:ro" in SERVICES[name]["volumes"]
    ignored = (DEPLOY.parent / ".gitignore").read_text("utf-8").splitlines()
    assert "/deploy/access/access.toml" in ignored


def test_access_rules_trust_the_proxy_alone() -> None:
    """The other containers get addresses from a range without that of the proxy."""
    proxy = access_rules(EXAMPLE).proxy  # type: ignore[union-attr]
    assert proxy is not None
    address = SERVICES["proxy"]["networks"]["inside"]["ipv4_address"]
    assert proxy.addresses == (ip_network(address),)
    (pool,) = COMPOSE["networks"]["inside"]["ipam"]["config"]
    assert ip_address(address) in ip_network(pool["subnet"])
    others = ip_network(pool["ip_range"])
    assert others.subnet_of(ip_network(pool["subnet"]))
    assert ip_address(address) not in others
    fixed = [name for name in SERVICES if "ipv4_address" in str(SERVICES[name]["networks"])]
    assert fixed == ["proxy"]


def test_access_rules_have_the_headers_of_the_proxy() -> None:
    proxy = access_rules(EXAMPLE).proxy  # type: ignore[union-attr]
    assert proxy is not None
    assert f"proxy_set_header {proxy.user_header} $remote_user;" in NGINX
    assert f'proxy_set_header {proxy.groups_header} "";' in NGINX


def test_compose_contains_no_secret() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    passwords = re.findall(r"PASSWORD: (.+)", text)
    assert passwords
    assert all(re.match(r"\$\{\w+:(\?|-\})", password) for password in passwords)
    ignored = (DEPLOY.parent / ".gitignore").read_text("utf-8").splitlines()
    assert {"/deploy/.env", "/deploy/secrets/"} <= set(ignored)
