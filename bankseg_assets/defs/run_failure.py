"""Why a run failed, in words that may leave the machine.

Messages of libraries may quote what they read: Spark's "The value 'C5841053' of the type STRING
cannot be cast" has a customer's ID, and Arrow quotes whole rows. Of such an error only its kind is
given; the run's page in Dagster has the message. The platform's own errors and those of the system
hold no value of the data.
"""

import builtins
import re

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

OURS = "bankseg_assets."
# Spark replaces Dagster's handler of Ctrl-C with one that raises the second.
INTERRUPTIONS = (dg.DagsterExecutionInterruptedError.__name__, KeyboardInterrupt.__name__)
_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_.]+)\]")


def failure_reasons(
    instance: dg.DagsterInstance, run_id: str, steps: list[dg.DagsterEvent], message: str
) -> tuple[str, ...]:
    """Return why a run failed: failed checks, else the causes of failed steps, else `message`."""
    causes = [f"{event.step_key}: {_cause(event.step_failure_data.error)}" for event in steps]
    return (*_failed_checks(instance, run_id),) or (*causes,) or ((message,) if message else ())


def was_interrupted(steps: list[dg.DagsterEvent]) -> bool:
    """Return whether a run was stopped by a person, as by Ctrl-C in `make run`."""
    roots = [_root(event.step_failure_data.error) for event in steps]
    return any(root is not None and root.cls_name in INTERRUPTIONS for root in roots)


def shareable(error: SerializableErrorInfo) -> str:
    """Return the message of an error, or only its kind if it may hold a value of the data."""
    message, name = error.message.strip(), error.cls_name or "Error"
    kind = getattr(builtins, name, None)
    if message.startswith(OURS):
        return message.partition(": ")[2] or name
    if isinstance(kind, type) and issubclass(kind, (OSError, MemoryError)):
        return message
    condition = _CONDITION.search(message)
    return f"{name} [{condition[1]}]" if condition else name


def _failed_checks(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    evaluations = [
        entry.dagster_event.asset_check_evaluation_data
        for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        if entry.dagster_event
    ]
    return [
        f"{one.check_name} of {one.asset_key.to_user_string()}: {one.description or 'failed'}"
        for one in evaluations
        if not one.passed and one.severity == dg.AssetCheckSeverity.ERROR
    ]


def _cause(error: SerializableErrorInfo | None) -> str:
    root = _root(error)
    return "it ended without an error message" if root is None else shareable(root)


def _root(error: SerializableErrorInfo | None) -> SerializableErrorInfo | None:
    while error is not None and error.cause is not None:
        error = error.cause
    return error
