"""The containers' instance equals the local one but for PostgreSQL and the run launcher."""

import shutil
from pathlib import Path
from typing import Any

import yaml
from dagster._core.instance.ref import InstanceRef

from bankseg_assets_tests.deploy.folder import DEPLOY, document
from ops.launch.instance import TEMPLATE
from ops.launch.run_launcher import ServedRunLauncher


def test_instance_differs_only_in_storage_and_launcher() -> None:
    there, here = document("dagster.yaml"), yaml.safe_load(TEMPLATE.read_text("utf-8"))
    assert set(there) - set(here) == {"storage"}
    sqlite = {"run_storage", "event_log_storage", "schedule_storage"}
    assert all(here.pop(name)["class"].startswith("Quick") for name in sqlite)
    assert {name for name in here if here[name] != there[name]} == {"run_launcher"}


def test_instance_is_valid_for_dagster(tmp_path: Path) -> None:
    shutil.copy(DEPLOY / "dagster.yaml", tmp_path / "dagster.yaml")
    ref = InstanceRef.from_dir(str(tmp_path))
    for part in (ref.run_storage_data, ref.event_storage_data, ref.schedule_storage_data):
        assert part is not None
        assert part.module_name == "dagster_postgres"
        keys = set(yaml.safe_load(part.config_yaml)["postgres_db"])
        assert keys == {"hostname", "port", "username", "password", "db_name", "scheme"}
    assert isinstance(ref.run_launcher, ServedRunLauncher)


def test_instance_contains_no_password() -> None:
    settings: dict[str, Any] = document("dagster.yaml")["storage"]["postgres"]["postgres_db"]
    literals = {name for name, value in settings.items() if not isinstance(value, dict)}
    assert literals == {"scheme"}
