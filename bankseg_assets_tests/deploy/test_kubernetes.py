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

from bankseg_assets_tests.deploy.folder import DEPLOY, document, documents
from bankseg_assets_tests.deploy.test_compose import NGINX, SERVICES
from ops.launch import run_launcher
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
    (app,) = (
        one["spec"]["template"]["spec"]["containers"][0]
        for one in OBJECTS
        if one["kind"] == "Deployment" and one["metadata"]["name"] == "app"
    )
    assert {one["name"]: one["value"] for one in app["env"]} == APP_ENVIRON


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
