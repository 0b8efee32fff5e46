"""Tests of a batch with toy assets: terminal output and exit code."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import dagster as dg
import pytest
from dagster._core.events import EngineEventData

from bankseg_assets.defs.build import build_defs
from bankseg_assets_tests.ops import toy_definitions
from bankseg_assets_tests.ops.launch.test_processes import eventually
from ops.exit_codes import INTERRUPTED, REFUSED
from ops.launch.materialize import (
    FAILED,
    JOB,
    fail_interrupted_runs,
    forced_config,
    run_batch,
)
from ops.launch.preflight import data_lock

TOYS = "bankseg_assets_tests.ops.toy_definitions"
LOG = Path("materialize.log")
# A queued run needs a workspace, which the toy definitions do not have.
STATUSES = [status for status in dg.DagsterRunStatus if status.name != "QUEUED"]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def run_job(instance: dg.DagsterInstance, defs: dg.Definitions) -> tuple[int, str]:
    out = io.StringIO()
    code = run_batch(defs.resolve_job_def(JOB), instance, out, LOG)
    return code, re.sub(r"\d+\.\d s", "0.0 s", out.getvalue())


def batch(
    instance: dg.DagsterInstance,
    assets: Sequence[dg.AssetsDefinition],
    checks: Sequence[dg.AssetChecksDefinition] = (),
    resources: Mapping[str, object] | None = None,
) -> tuple[int, str]:
    job = dg.define_asset_job(JOB, selection=[key for asset in assets for key in asset.keys])
    defs = dg.Definitions(assets=assets, asset_checks=checks, jobs=[job], resources=resources or {})
    return run_job(instance, defs)


def test_progress_has_a_line_per_step(
    instance: dg.DagsterInstance,
) -> None:
    code, printed = run_job(instance, toy_definitions.defs)
    assert code == 0
    assert printed.splitlines() == [
        "[1/4] one ... 0.0 s",
        "[2-3/4] three, two ... 0.0 s",
        "[4/4] nb_classifier ... 0.0 s",
        "4 assets materialized in 0.0 s.",
    ]


@pytest.mark.slow
def test_run_batch_records_the_run(instance: dg.DagsterInstance) -> None:
    run_job(instance, toy_definitions.defs)
    (run,) = instance.get_runs()
    assert (run.job_name, run.status) == (JOB, dg.DagsterRunStatus.SUCCESS)


def test_failure_is_one_paragraph_with_causes(instance: dg.DagsterInstance) -> None:
    @dg.asset
    def broken() -> None:
        try:
            raise OSError("o55.parquet\n: SparkException: disk full\n\tat java.lang.Thread\n")
        except OSError as error:
            raise ValueError("cannot write the table") from error

    code, printed = batch(instance, [broken])
    assert code == FAILED
    assert printed.startswith("[1/1] broken ... failed\n")
    assert (
        "\nbroken failed. ValueError: cannot write the table, "
        "because of OSError: o55.parquet : SparkException: disk full\n" in printed
    )
    assert f"in the Dagster UI, and in {LOG}." in printed
    assert "Traceback" not in printed


def test_progress_shows_a_retry_without_wrappers(instance: dg.DagsterInstance) -> None:
    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=1))
    def flaky() -> None:
        raise ConnectionError("no answer")

    _, printed = batch(instance, [flaky])
    assert printed.startswith("[1/1] flaky ... failed, retrying ... failed\n")
    assert "\nflaky failed. ConnectionError: no answer\n" in printed


def test_progress_shows_a_failed_resource(instance: dg.DagsterInstance) -> None:
    @dg.resource
    def engine(_context: dg.InitResourceContext) -> None:
        raise RuntimeError("Java ended with 1")

    @dg.asset(required_resource_keys={"engine"})
    def table() -> None:
        pass

    code, printed = batch(instance, [table], resources={"engine": engine})
    assert code == FAILED
    assert "The run failed. RuntimeError: Java ended with 1" in printed


@pytest.mark.parametrize("blocking", [True, False])
def test_failed_check_fails_the_batch(instance: dg.DagsterInstance, blocking: bool) -> None:
    @dg.asset
    def table() -> None:
        pass

    @dg.asset_check(asset=table, blocking=blocking)
    def enough_rows() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, description="3 rows; 10 expected.")

    code, printed = batch(instance, [table], [enough_rows])
    assert code == FAILED
    assert printed.count("Check enough_rows of table did not pass. 3 rows; 10 expected.") == 1
    assert "DagsterAssetCheckFailedError" not in printed


def test_forced_batch_configures_the_release(instance: dg.DagsterInstance) -> None:
    """Only the release is configured, and it records what was forced."""
    seen = []

    class Config(dg.Config):
        force: bool = False

    @dg.asset(name="release")
    def asset(config: Config) -> None:
        seen.append(config.force)

    job = dg.define_asset_job(JOB, selection=["release"])
    defs = dg.Definitions(assets=[asset], jobs=[job])
    for force in (False, True):
        run_batch(defs.resolve_job_def(JOB), instance, io.StringIO(), LOG, force=force)
    assert seen == [False, True]


def test_forced_refresh_keeps_the_models() -> None:
    """A configuration given to a run replaces the job's own, which says to keep them."""
    job = build_defs().resolve_job_def(JOB)
    ops = forced_config(job)["ops"]
    assert ops.pop("release") == {"config": {"force": True}}
    assert ops == job.run_config["ops"]
    assert {step["config"]["keep"] for step in ops.values()} == {True}


def test_warning_of_a_check_does_not_fail_the_batch(instance: dg.DagsterInstance) -> None:
    @dg.asset
    def table() -> None:
        pass

    @dg.asset_check(asset=table)
    def few_zeros() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN)

    code, printed = batch(instance, [table], [few_zeros])
    assert code == 0
    assert printed.splitlines() == [
        "[1/1] table ... 0.0 s",
        "check table_few_zeros ... 0.0 s",
        "  warning: Check few_zeros of table did not pass.",
        "1 assets materialized in 0.0 s.",
    ]


@pytest.mark.parametrize("status", STATUSES)
def test_fail_interrupted_runs_fails_dead_runs_only(
    instance: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    instance.add_run(dg.DagsterRun(JOB, str(uuid4()), status=status))
    fail_interrupted_runs(instance)
    left_hanging = status.name in ("NOT_STARTED", "STARTING", "STARTED", "CANCELING")
    (run,) = instance.get_runs()
    assert run.status == (dg.DagsterRunStatus.FAILURE if left_hanging else status)


def test_fail_interrupted_runs_keeps_live_runs(instance: dg.DagsterInstance) -> None:
    run = instance.add_run(dg.DagsterRun(JOB, str(uuid4()), status=dg.DagsterRunStatus.STARTED))
    instance.report_engine_event("started", run, EngineEventData.in_process(os.getpid()))
    fail_interrupted_runs(instance)
    (found,) = instance.get_runs()
    assert found.status == dg.DagsterRunStatus.STARTED


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "ops.launch.materialize", *arguments]


def run_command(
    data_dir: Path, *arguments: str, modules: Path | None = None, contract: str = ""
) -> subprocess.CompletedProcess[str]:
    environ = {"BANKSEG_DATA_DIR": str(data_dir), "PATH": "/usr/bin:/bin"}
    environ |= {"BANKSEG_CONTRACT": contract}
    if modules:
        environ["PYTHONPATH"] = str(modules)
    return subprocess.run(
        command(*arguments), env=environ, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.subprocess
def test_command_runs_also_while_the_platform_serves(tmp_path: Path) -> None:
    with data_lock(tmp_path, "make run"):
        found = run_command(tmp_path, "--module", TOYS)
    assert found.returncode == 0
    assert "\n4 assets materialized in " in found.stdout
    assert found.stderr == ""
    assert "RUN_SUCCESS" in (tmp_path / "logs" / "materialize.log").read_text(encoding="utf-8")


@pytest.mark.subprocess
def test_command_reports_unloadable_definitions(tmp_path: Path) -> None:
    result = run_command(tmp_path, "--module", "no_such_module")
    assert result.returncode == FAILED
    assert result.stdout.startswith("no_such_module cannot be loaded: No module named")
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr == ""


@pytest.mark.subprocess
def test_command_reports_an_unwritable_data_folder() -> None:
    result = run_command(Path("/dev/null/data"))
    assert result.returncode == REFUSED
    assert result.stderr.startswith("bankseg: /dev/null/data cannot be written")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.subprocess
def test_command_reports_a_missing_contract(tmp_path: Path) -> None:
    """Without a traceback, at once, and before the data folder is created."""
    result = run_command(tmp_path / "data", contract=str(tmp_path / "mine.toml"))
    assert (result.returncode, result.stdout) == (REFUSED, "")
    assert result.stderr == (
        f"bankseg: The contract {tmp_path / 'mine.toml'} cannot be read (No such file or "
        "directory). Correct BANKSEG_CONTRACT.\n"
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.subprocess
def test_signal_interrupts_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "slow_definitions.py").write_text(SLOW, encoding="utf-8")
    environ = {
        "BANKSEG_DATA_DIR": str(tmp_path / "data"),
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(tmp_path),
    }
    with subprocess.Popen(
        command("--module", "slow_definitions"),
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        log = tmp_path / "data" / "logs" / "materialize.log"
        assert eventually(lambda: log.exists() and "STEP_START" in log.read_text(), seconds=30)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert printed == "[1/1] nb_classifier ... interrupted\n"


SLOW = """
import time

import dagster as dg


@dg.asset
def nb_classifier() -> None:
    time.sleep(60)


defs = dg.Definitions(
    assets=[nb_classifier], jobs=[dg.define_asset_job("refresh", selection=["nb_classifier"])]
)
"""

HALF_BROKEN = """
import dagster as dg


@dg.asset
def nb_classifier() -> None:
    pass


@dg.asset(deps=["nb_classifier"])
def report() -> None:
    raise ValueError("no room")


defs = dg.Definitions(
    assets=[nb_classifier, report],
    jobs=[dg.define_asset_job("refresh", selection=["nb_classifier", "report"])],
)
"""
