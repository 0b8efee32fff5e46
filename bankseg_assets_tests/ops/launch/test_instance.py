"""Tests of the Dagster instance: ops/launch/dagster.yaml is written and is valid."""

from pathlib import Path

import pytest
from dagster import DagsterInstance

from bankseg_assets.runtime.settings import Settings
from ops.launch.event_log import QuickEventLog
from ops.launch.instance import instance_yaml, prepare_instance, process_environment
from ops.launch.instance_storages import QuickRunStorage, QuickScheduleStorage
from ops.launch.run_launcher import WatchedRunLauncher


def test_prepare_instance_writes_the_configuration(tmp_path: Path) -> None:
    home = tmp_path / "data" / "dagster_home"
    for damage in (b"", b"telemetry: {enabled: true}\n"):
        prepare_instance(home)
        assert (home / "dagster.yaml").read_bytes() == instance_yaml(home)
        (home / "dagster.yaml").write_bytes(damage)
    prepare_instance(home)
    assert [path.name for path in home.iterdir()] == ["dagster.yaml"]


def test_prepare_instance_keeps_an_equal_configuration(tmp_path: Path) -> None:
    prepare_instance(tmp_path)
    before = (tmp_path / "dagster.yaml").stat()
    prepare_instance(tmp_path)
    after = (tmp_path / "dagster.yaml").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@pytest.mark.slow
def test_dagster_loads_the_instance_without_warnings(tmp_path: Path) -> None:
    prepare_instance(tmp_path)
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        queue = instance.get_concurrency_config().run_queue_config
        assert queue is not None
        assert queue.max_concurrent_runs == 1
        # A killed code server needs 6 s to answer again.
        assert queue.max_user_code_failure_retries * queue.user_code_failure_retry_delay == 100
        assert instance.run_monitoring_enabled
        assert instance.run_monitoring_max_runtime_seconds == 3600
        assert instance.run_monitoring_start_timeout_seconds == 90
        assert instance.run_monitoring_poll_interval_seconds == 10
        assert isinstance(instance.run_launcher, WatchedRunLauncher)
        assert isinstance(instance.event_log_storage, QuickEventLog)
        assert isinstance(instance.run_storage, QuickRunStorage)
        assert isinstance(instance.schedule_storage, QuickScheduleStorage)
        assert instance.run_retries_enabled
        assert instance.run_retries_max_retries == 2
        assert not instance.run_retries_retry_on_asset_or_op_failure
        assert not instance.telemetry_enabled


def test_instance_purges_ticks(tmp_path: Path) -> None:
    prepare_instance(tmp_path)
    with DagsterInstance.from_config(str(tmp_path)) as instance:
        retention = instance.get_settings("retention")
    assert set(retention) == {"schedule", "sensor", "auto_materialize"}
    for kind in retention.values():
        days = kind["purge_after_days"]
        values = days.values() if isinstance(days, dict) else [days]
        assert all(0 < value <= 30 for value in values)


def test_process_environment_names_the_folders(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    environ = process_environment(settings, Path("/opt/java"), {"PATH": "/bin", "JAVA_HOME": "x"})
    assert environ["PATH"] == "/bin"
    assert environ["JAVA_HOME"] == "/opt/java"
    assert environ["DAGSTER_HOME"] == str(tmp_path / "dagster_home")
    assert environ["DAGSTER_DISABLE_TELEMETRY"] == "1"
    assert environ["STREAMLIT_BROWSER_GATHER_USAGE_STATS"] == "false"


def test_process_environment_without_java(tmp_path: Path) -> None:
    assert "JAVA_HOME" not in process_environment(Settings(data_dir=tmp_path), None, {})


def test_process_environment_bypasses_proxies_on_loopback(tmp_path: Path) -> None:
    environ = process_environment(Settings(data_dir=tmp_path), None, {"no_proxy": "bank.example"})
    assert environ["NO_PROXY"] == environ["no_proxy"] == "bank.example,127.0.0.1,localhost"
    assert process_environment(Settings(), None, {})["NO_PROXY"] == "127.0.0.1,localhost"
