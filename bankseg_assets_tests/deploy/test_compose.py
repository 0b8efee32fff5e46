"""deploy/compose.yaml names only what exists, and opens one door.

No container was started: there is no engine where this was written.
"""

import re
from importlib.util import find_spec
from typing import Any

import pytest

from bankseg_assets_tests.deploy.folder import DEPLOY, document
from ops.launch.services import GIVES_MEMORY_BACK

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


def test_these_are_the_services() -> None:
    assert set(SERVICES) == {"postgres", "proxy", *OURS}
    assert set(OURS) == {"code-server", "daemon", "webserver", "app", "api"}


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_names_is_there(service: str) -> None:
    found = SERVICES[service]
    assert set(found.get("depends_on", ())) <= set(SERVICES)
    assert set(found["networks"]) <= set(COMPOSE["networks"])
    assert set(found.get("secrets", ())) <= set(COMPOSE["secrets"])
    for volume in found.get("volumes", ()):
        source = volume.split(":")[0]
        assert source in COMPOSE["volumes"] or (DEPLOY / source).exists(), source


@pytest.mark.parametrize("service", OURS)
def test_the_modules_and_files_of_a_command_exist(service: str) -> None:
    words = command(service)
    modules = [words[n + 1] for n, word in enumerate(words) if word in ("-m", "--module-name")]
    assert all(find_spec(module) for module in modules)
    files = [word for word in words if re.search(r"\.(py|yaml)$", word)]
    assert all((DEPLOY.parent / file).exists() for file in files)
    assert words[0] in ("python", "dagster")


def test_whoever_uses_the_instance_is_told_where_it_is() -> None:
    database = document("dagster.yaml")["storage"]["postgres"]["postgres_db"]
    needed = {value["env"] for value in database.values() if isinstance(value, dict)}
    for service in ("code-server", "daemon", "webserver"):
        told = SERVICES[service]["environment"]
        assert needed <= set(told)
        assert told["DAGSTER_POSTGRES_HOST"] in SERVICES
    postgres = SERVICES["postgres"]["environment"]
    told = SERVICES["daemon"]["environment"]
    for ours, theirs in (("USER", "USER"), ("PASSWORD", "PASSWORD"), ("DB", "DB")):
        assert told[f"DAGSTER_POSTGRES_{ours}"] == postgres[f"POSTGRES_{theirs}"]


def test_the_workspace_leads_to_the_code_server() -> None:
    (server,) = document("workspace.yaml")["load_from"]
    assert server["grpc_server"]["host"] in SERVICES
    assert server["grpc_server"]["port"] == port_of(server["grpc_server"]["host"])


def test_the_proxy_leads_to_the_servers() -> None:
    upstreams = dict(re.findall(r"proxy_pass http://([\w-]+):(\d+);", NGINX))
    assert {name: int(port) for name, port in upstreams.items()} == {
        name: port_of(name) for name in ("app", "api", "webserver")
    }
    assert set(upstreams) <= set(SERVICES["proxy"]["depends_on"])


def test_the_proxy_has_the_secrets_that_it_reads_and_no_other() -> None:
    assert set(re.findall(r"/run/secrets/(\w+)", NGINX)) == set(SERVICES["proxy"]["secrets"])
    assert set(re.findall(r"\$\{(\w+)\}", NGINX)) == set(SERVICES["proxy"]["environment"])


def test_the_proxy_is_the_only_door() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert [name for name in SERVICES if "outside" in SERVICES[name]["networks"]] == ["proxy"]


@pytest.mark.parametrize("service", OURS)
def test_our_containers_may_do_no_more_than_they_must(service: str) -> None:
    found = SERVICES[service]
    assert found["read_only"]
    assert found["cap_drop"] == ["ALL"]
    assert found["security_opt"] == ["no-new-privileges:true"]


def test_what_only_serves_may_not_write() -> None:
    for service in ("app", "api"):
        assert SERVICES[service]["volumes"] == ["data:/data:ro"]
        told = SERVICES[service].get("environment", {})
        assert not [name for name in told if name.startswith("DAGSTER")]  # where the database is


def test_the_app_gives_memory_back_as_without_containers() -> None:
    assert SERVICES["app"]["environment"] == GIVES_MEMORY_BACK


def test_no_secret_stands_in_it() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    passwords = re.findall(r"PASSWORD: (.+)", text)
    assert passwords
    assert all(re.match(r"\$\{\w+:\?", password) for password in passwords)
    ignored = (DEPLOY.parent / ".gitignore").read_text("utf-8").splitlines()
    assert {"/deploy/.env", "/deploy/secrets/"} <= set(ignored)
