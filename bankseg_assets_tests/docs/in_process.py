"""Runs that pages start with `make materialize` or `bankseg dg launch`, in this process.

They are recorded in the platform's own instance, as if the command had made them.
"""

import re
import warnings
from argparse import ArgumentParser
from typing import Any

import dagster as dg
import yaml

from bankseg_assets.contracts.delivery import load_contract
from bankseg_assets.defs.build import build_defs, resources
from bankseg_assets.defs.resources import SparkResource
from bankseg_assets.runtime.settings import Settings, load_settings
from bankseg_assets_tests.docs.clone import Clone
from ops.launch.instance import prepare_instance
from ops.launch.materialize import forced_config

COMMANDS = ("make materialize", "./bankseg dg launch")
_SETTING = re.compile(r"(BANKSEG_\w+)=(\S+) ")


def run_command(command: str, clone: Clone, spark: SparkResource) -> None:
    """Run what a command would run, with the suite's Spark; raises if it fails."""
    given = {name: value.replace("~", str(clone.home)) for name, value in _SETTING.findall(command)}
    settings = load_settings({"BANKSEG_DATA_DIR": str(clone.settings.data_dir)} | given)
    _, _, arguments = command.partition(COMMANDS[0] if COMMANDS[0] in command else COMMANDS[1])
    if COMMANDS[0] in command:
        job = "refit" if "REFIT=1" in arguments else "refresh"
        run_job(settings, spark, job, force="FORCE=1" in arguments)
        return
    parser = ArgumentParser()
    for option in ("--job", "--config", "--assets"):
        parser.add_argument(option, default="")
    options = parser.parse_args(arguments.split())
    config = yaml.safe_load((clone.folder / options.config).read_text()) if options.config else None
    run_job(settings, spark, options.job or "refit", config=config, assets=options.assets)


def run_job(
    settings: Settings,
    spark: SparkResource,
    name: str,
    *,
    force: bool = False,
    config: dict[str, Any] | None = None,
    assets: str = "",
) -> None:
    """Run a job on a platform; `assets`: only these, separated by commas."""
    load_contract(settings.contract)
    prepare_instance(settings.dagster_home)
    job = build_defs(resource_overrides=resources(settings, spark=spark)).resolve_job_def(name)
    with (
        warnings.catch_warnings(),
        dg.DagsterInstance.from_config(str(settings.dagster_home)) as it,
    ):
        # Dagster calls its own deprecated functions for every resource with a configuration.
        warnings.simplefilter("ignore")
        result = job.execute_in_process(
            instance=it,
            run_config=forced_config(job) if force else config,
            asset_selection=[dg.AssetKey(key) for key in assets.split(",") if key] or None,
        )
    assert result.success
