"""State of the blocking checks of a materialization, for sensors that start downstream runs.

Dagster skips downstream steps within the same run only; a sensor must check this itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import dagster as dg
from dagster._core.storage.asset_check_execution_record import (
    AssetCheckExecutionRecord,
    AssetCheckExecutionRecordStatus,
)

_EVALUATED = {AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED}
_LATEST = 10  # evaluations of a check to search: the newest is nearly always the right one


@dataclass(frozen=True)
class CheckState:
    """State of checks. failed: a sentence per failed check. pending: checks without a result."""

    failed: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every check has a result and none failed."""
        return not self.failed and not self.pending


def blocking_keys(
    checks: Iterable[dg.AssetChecksDefinition], asset: dg.AssetKey
) -> list[dg.AssetCheckKey]:
    """Return the keys of an asset's blocking checks."""
    specs = (spec for definition in checks for spec in definition.check_specs)
    return [spec.key for spec in specs if spec.asset_key == asset and spec.blocking]


def check_state(
    instance: dg.DagsterInstance, made: dg.EventLogEntry, keys: Iterable[dg.AssetCheckKey]
) -> CheckState:
    """Return the state of the checks of one materialization, from any run."""
    failed, pending = [], []
    for key in keys:
        found = _evaluation(instance, made, key)
        if found is None:
            pending.append(key.name)
        elif not found.passed and found.severity is dg.AssetCheckSeverity.ERROR:
            failed.append(f"{key.name} did not pass. {found.description or ''}".strip())
    return CheckState(tuple(failed), tuple(pending))


def _evaluation(
    instance: dg.DagsterInstance, made: dg.EventLogEntry, key: dg.AssetCheckKey
) -> dg.AssetCheckEvaluation | None:
    records = instance.event_log_storage.get_asset_check_execution_history(
        key, limit=_LATEST, status=_EVALUATED
    )
    return next((record.evaluation for record in records if _is_of(record, made)), None)


def _is_of(record: AssetCheckExecutionRecord, made: dg.EventLogEntry) -> bool:
    target = record.evaluation.target_materialization_data if record.evaluation else None
    return target is not None and (target.run_id, target.timestamp) == (
        made.run_id,
        made.timestamp,
    )
