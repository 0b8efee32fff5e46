"""The containers' instance equals the local one but for PostgreSQL, logs and the run launcher."""

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager

from bankseg_assets.erasure.old_files import old_logs
from bankseg_assets.runtime.settings import Settings
from bankseg_assets_tests.deploy.folder import DEPLOY, document
from ops.launch.instance import TEMPLATE
from ops.launch.run_launcher import ServedRunLauncher


def test_instance_differs_only_in_storage_and_launcher() -> None:
    there, here = document("dagster.yaml"), yaml.safe_load(TEMPLATE.read_text("utf-8"))
    assert set(there) - set(here) == {"storage", "compute_logs"}
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


def test_output_of_runs_is_below_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where erasures mask it, and limits of age remove it."""
    dockerfile = (DEPLOY / "Dockerfile").read_text("utf-8")
    environ = dict(re.findall(r"(\w+)=(/\S+)", dockerfile))
    settings = Settings(data_dir=Path(environ["BANKSEG_DATA_DIR"]))
    assert Path(environ["DAGSTER_RUN_LOGS"]) == settings.dagster_home / "storage"
    shutil.copy(DEPLOY / "dagster.yaml", tmp_path / "dagster.yaml")
    settings = Settings(data_dir=tmp_path / "data")
    monkeypatch.setenv("DAGSTER_RUN_LOGS", str(settings.dagster_home / "storage"))
    manager = InstanceRef.from_dir(str(tmp_path)).compute_log_manager
    assert isinstance(manager, LocalComputeLogManager)
    log = Path(manager.get_captured_local_path(["run", "compute_logs", "step"], "err"))
    log.parent.mkdir(parents=True)
    log.write_text("error", encoding="utf-8")
    assert old_logs(settings, datetime.now(UTC) + timedelta(days=1)) == [log]


def test_instance_contains_no_password() -> None:
    settings: dict[str, Any] = document("dagster.yaml")["storage"]["postgres"]["postgres_db"]
    literals = {name for name, value in settings.items() if not isinstance(value, dict)}
    assert literals == {"scheme"}
