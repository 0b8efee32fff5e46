"""Run assets and jobs in the test process and read the recorded results."""

import logging
import warnings
from collections.abc import Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.defs.build import build_defs
from bankseg_assets.runtime.settings import Settings

DEMO_ROWS = 4_000
"""Rows of the shared batch."""


@dataclass(frozen=True)
class Run:
    """The result of a run."""

    result: dg.ExecuteInProcessResult
    warnings: list[str]
    """Warnings that assets logged."""

    @property
    def success(self) -> bool:
        """Whether every step succeeded."""
        return self.result.success

    @property
    def metadata(self) -> dict[str, dict[str, Any]]:
        """Asset -> recorded metadata."""
        events = self.result.get_asset_materialization_events()
        made = [event.materialization for event in events]
        return {
            one.asset_key.to_user_string(): {
                name: found.value for name, found in one.metadata.items()
            }
            for one in made
        }

    @property
    def checks(self) -> dict[str, dg.AssetCheckEvaluation]:
        """The evaluations by the check's name."""
        return {found.check_name: found for found in self.result.get_asset_check_evaluations()}

    @property
    def failures(self) -> dict[str, str]:
        """Failed step -> cause, such as `ValueError: why`."""
        return {
            str(event.step_key): _cause(event.step_failure_data)
            for event in self.result.get_step_failure_events()
        }

    def folder(self, asset: str) -> Path:
        """Return the version that the run wrote."""
        return Path(self.metadata[asset]["path"])

    def table(self, asset: str) -> pa.Table:
        """Return the rows that the run wrote."""
        return pq.read_table(self.folder(asset))


@dataclass(frozen=True)
class Platform:
    """A platform with a separate data folder, and its last run."""

    settings: Settings
    resources: dict[str, object]
    run: Run


def run_platform(
    platform: Mapping[str, object],
    *,
    job: str = "refit",
    assets: Collection[str] = (),
    config: dg.RunConfig | None = None,
    instance: dg.DagsterInstance | None = None,
) -> Run:
    """Run a job of the platform or some of its assets; failures do not raise."""
    definitions = build_defs(resource_overrides=platform)
    return run_job(
        definitions.resolve_job_def(job), assets=assets, config=config, instance=instance
    )


def run_assets(
    *made: dg.AssetsDefinition, resources: Mapping[str, object], only: Collection[str] = ()
) -> Run:
    """Run assets defined by a test, or `only` some of them."""
    definitions = dg.Definitions(assets=made, resources=resources)
    return run_job(definitions.resolve_implicit_global_asset_job_def(), assets=only)


def run_job(
    job: dg.JobDefinition,
    *,
    assets: Collection[str] = (),
    config: dg.RunConfig | None = None,
    instance: dg.DagsterInstance | None = None,
) -> Run:
    """Run a job on an instance, by default a temporary one."""
    own = nullcontext(instance) if instance else dg.DagsterInstance.ephemeral()
    # Dagster calls its own deprecated functions for every resource with a configuration.
    with warnings.catch_warnings(), own as used:
        warnings.filterwarnings("ignore", r"InitResourceContext\.dagster_run is deprecated")
        result = job.execute_in_process(
            instance=used,
            asset_selection=[dg.AssetKey(asset) for asset in assets] or None,
            run_config=config,
            raise_on_error=False,
        )
        logged = used.all_logs(result.run_id)
    return Run(result, [entry.user_message for entry in logged if entry.level == logging.WARNING])


def _cause(failure: Any) -> str:
    error = failure.error
    while error.cause is not None:
        error = error.cause
    return str(error.message).strip()
