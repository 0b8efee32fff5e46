"""Checks of deploy/kubernetes: matching names, the same instance, and the executor's command.

There was neither a cluster nor Dagster's chart to test with.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._core.run_coordinator import RunCoordinator
from dagster._serdes import ConfigurableClassData

from bankseg_assets_tests.deploy.folder import DEPLOY, document, documents
from bankseg_assets_tests.deploy.test_compose import ACCESS_FOLDER, NGINX, RULES, SERVICES
from ops.launch import access, run_launcher
from ops.launch.run_coordinator import RecordingRunCoordinator
from ops.launch.same_origin import cross_site_reason
from ops.launch.services import APP_ENVIRON

VALUES: dict[str, Any] = document("kubernetes/dagster-values.yaml")
OBJECTS = documents("kubernetes/bankseg.yaml")
(CODE,) = VALUES["dagster-user-deployments"]["deployments"]
SPARK = dict(
    line.split(maxsplit=1)
    for line in (DEPLOY / "kubernetes/spark-defaults.conf").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
)
IMAGE = SERVICES["app"]["image"]


def pod(name: str) -> dict[str, Any]:
    """Return the pod of a deployment."""
    (found,) = (
        one["spec"]["template"]["spec"]
        for one in OBJECTS
        if one["kind"] == "Deployment" and one["metadata"]["name"] == name
    )
    return dict(found)


def names(kind: str) -> set[str]:
    return {one["metadata"]["name"] for one in OBJECTS if one["kind"] == kind}


def test_kubernetes_uses_one_image() -> None:
    parts = [VALUES["dagsterWebserver"], VALUES["dagsterDaemon"], CODE]
    assert {f"{one['image']['repository']}:{one['image']['tag']}" for one in parts} == {IMAGE}
    assert SPARK["spark.kubernetes.container.image"] == IMAGE


def test_code_server_and_executors_share_the_data_folder() -> None:
    (claim,) = names("PersistentVolumeClaim")
    prefix = "spark.kubernetes.executor.volumes.persistentVolumeClaim.data"
    assert SPARK[f"{prefix}.options.claimName"] == claim
    (data, _) = CODE["volumes"]
    assert data["persistentVolumeClaim"]["claimName"] == claim
    assert CODE["env"]["BANKSEG_DATA_DIR"] == SPARK[f"{prefix}.mount.path"] == "/data"


def test_only_the_code_server_may_create_executors() -> None:
    account = VALUES["dagster-user-deployments"]["serviceAccount"]
    assert names("ServiceAccount") == {account["name"]}
    assert "serviceAccountName" not in VALUES["global"]


def test_proxy_addresses_are_services() -> None:
    ports = {
        one["metadata"]["name"]: one["spec"]["ports"][0]["port"]
        for one in OBJECTS
        if one["kind"] == "Service"
    }
    for name, port in re.findall(r"proxy_pass http://([\w-]+):(\d+);", NGINX):
        assert ports[name] == int(port)


def test_app_has_the_malloc_environment() -> None:
    (app,) = pod("app")["containers"]
    assert {one["name"]: one["value"] for one in app["env"] if "value" in one} == APP_ENVIRON


def webserver() -> dict[str, Any]:
    """Return the chart's web server, as a pod with a container."""
    found = VALUES["dagsterWebserver"]
    return {"containers": [found], "volumes": found["volumes"]}


@pytest.mark.parametrize("server", [webserver(), pod("app"), pod("api")])
def test_access_rules_reach_every_server(server: dict[str, Any]) -> None:
    """From a map that must exist: nothing is open because it is missing."""
    (container,) = server["containers"]
    (rules,) = [one["valueFrom"] for one in container["env"] if one["name"] == RULES]
    assert rules == {"configMapKeyRef": {"name": "bankseg-access", "key": "file"}}
    mount = {"name": "access", "mountPath": ACCESS_FOLDER, "readOnly": True}
    assert mount in container["volumeMounts"]
    assert {"name": "access", "configMap": {"name": "bankseg-access"}} in server["volumes"]
    readme = (DEPLOY / "README.md").read_text("utf-8")
    assert f"--from-literal file={ACCESS_FOLDER}/access.toml" in readme
    assert "create configmap bankseg-access --from-file access.toml=" in readme


def test_only_the_proxy_reaches_the_servers() -> None:
    """The access rules trust the network of the pods."""
    (policy,) = (one["spec"] for one in OBJECTS if one["kind"] == "NetworkPolicy")
    (chosen,) = policy["podSelector"]["matchExpressions"]
    assert set(chosen["values"]) == {"bankseg-app", "bankseg-api", "dagster-webserver"}
    (rule,) = policy["ingress"]
    assert rule == {"from": [{"podSelector": {"matchLabels": {"component": "bankseg-proxy"}}}]}


@pytest.mark.subprocess
def test_web_server_of_the_image_has_roles(tmp_path: Path) -> None:
    """The chart starts `dagster-webserver`, which the image finds here first."""
    dockerfile = (DEPLOY / "Dockerfile").read_text("utf-8")
    assert "COPY deploy/dagster-webserver bin/dagster-webserver\n" in dockerfile
    assert "PATH=/opt/bankseg/bin:$PATH" in dockerfile
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n", "utf-8")
    python.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = [DEPLOY / "dagster-webserver", "-h", "0.0.0.0", "-p", "3000"]
    ran = subprocess.run(command, env=environ, capture_output=True, check=True)
    assert ran.stdout.decode().split() == [
        *("-m", "ops.launch.webserver", "-h", "0.0.0.0", "-p", "3000"),
    ]


def test_web_server_is_asked_by_its_own_name() -> None:
    """Kubernetes asks by a pod's address otherwise, which the same-origin check refuses."""
    found = VALUES["dagsterWebserver"]
    probe = found["readinessProbe"]["httpGet"]
    assert probe["path"] in access.UNCHECKED
    assert probe["port"] == found["service"]["port"]
    sent = [(one["name"].lower(), one["value"]) for one in probe["httpHeaders"]]
    scope = {"headers": [(name.encode(), value.encode()) for name, value in sent]}
    assert cross_site_reason(scope, "It") == ""


def test_runs_are_monitored_as_in_compose() -> None:
    there = document("dagster.yaml")
    custom = VALUES["runLauncher"]["config"]["customRunLauncher"]
    assert hasattr(run_launcher, custom["class"])
    assert custom["class"] == there["run_launcher"]["class"]
    monitoring = {
        re.sub("[A-Z]", lambda m: f"_{m[0].lower()}", name): value
        for name, value in VALUES["dagsterDaemon"]["runMonitoring"].items()
    }
    assert monitoring == there["run_monitoring"]


def test_starts_of_runs_are_recorded_as_in_compose() -> None:
    there = document("dagster.yaml")
    coordinator = VALUES["dagsterDaemon"]["runCoordinator"]
    assert coordinator["type"] == "CustomRunCoordinator"
    custom = coordinator["config"]["customRunCoordinator"]
    found = ConfigurableClassData(custom["module"], custom["class"], yaml.dump(custom["config"]))
    assert isinstance(found.rehydrate(RunCoordinator), RecordingRunCoordinator)
    own = dict(custom["config"])
    assert own.pop("max_concurrent_runs") == there["concurrency"]["runs"]["max_concurrent_runs"]
    custom["config"] = own
    assert custom == there["run_coordinator"]


@pytest.mark.subprocess
def test_entrypoint_starts_an_executor(tmp_path: Path) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    answer = 'version "17'
    script = f"[ \"$1\" = -version ] && echo '{answer}' >&2\nprintf '%s\\n' \"$@\"\n"
    java.write_text(f"#!/bin/sh\n{script}", "utf-8")
    java.chmod(0o755)
    variables = {"MEMORY": "2g", "ID": "3", "CORES": "4", "POD_IP": "10.0.0.1", "POD_NAME": "one"}
    environ = {f"SPARK_EXECUTOR_{name}": value for name, value in variables.items()} | {
        "SPARK_DRIVER_URL": "spark://driver",
        "SPARK_APPLICATION_ID": "app",
        "SPARK_RESOURCE_PROFILE_ID": "0",
        "SPARK_JAVA_OPT_0": "-Xss16m",
        "SPARK_JAVA_OPT_1": "-Da=b c",
        "JAVA_HOME": str(tmp_path),
        "PYTHONPATH": str(DEPLOY.parent),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    entry = DEPLOY / "entrypoint.sh"
    ran = subprocess.run([entry, "executor"], env=environ, capture_output=True, check=True)
    words = ran.stdout.decode().splitlines()
    assert words[:4] == ["-Xss16m", "-Da=b c", "-Xms2g", "-Xmx2g"]
    assert words[words.index("--driver-url") + 1] == "spark://driver"
    assert words[words.index("--podName") + 1] == "one"


@pytest.mark.subprocess
def test_entrypoint_runs_other_commands_unchanged() -> None:
    ran = subprocess.run([DEPLOY / "entrypoint.sh", "echo", "a b"], capture_output=True, check=True)
    assert ran.stdout == b"a b\n"
