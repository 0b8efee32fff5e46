"""Run a job in this process, with a fault at a point: what the scenarios start as a subprocess.

`python -m tools.faults.batch --job refit --at records --when after`

Python calls audit hooks before every rename, so the platform's code needs no injection points.
"""

import argparse
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# The commit points: a rename or a ledger entry that makes a change visible.
RENAMES = {
    "archive": r"/raw/[0-9a-f]{64}/original$",
    "records": r"/raw/[0-9a-f]{64}/records\.parquet$",
    "version": r"/published/(?!release)\w+/\d{8}-[^/]+$",
    "cleaned": r"/published/cleaned_transactions/\d{8}-[^/]+$",
    "release": r"/published/release/\d{8}-[^/]+$",
}
LEDGER = "ledger"
DRAFT = "draft"  # the writing of a version begins
LANDED = "landed"  # a delivered file is opened
OPENED = r"/landing/[^/]+\.(csv|parquet)$"

FAILED = 1


def main() -> int:
    """Run the job; return 0 if it succeeded."""
    options = _parser().parse_args()
    arm(options)
    from dagster import AssetKey, DagsterInstance

    from bankseg_assets.definitions import defs
    from ops.launch.materialize import fail_interrupted_runs

    with DagsterInstance.get() as instance:
        if not options.beside_others:
            fail_interrupted_runs(instance)
        result = defs.resolve_job_def(options.job).execute_in_process(
            instance=instance,
            asset_selection=[AssetKey(name) for name in options.asset] or None,
            run_config=json.loads(options.config),
            raise_on_error=False,
        )
    return 0 if result.success else FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--job", default="refit")
    parser.add_argument("--asset", action="append", default=[], help="only this asset; repeatable")
    parser.add_argument("--at", choices=[*RENAMES, LEDGER, DRAFT, LANDED])
    parser.add_argument("--when", choices=["before", "after"], default="before")
    parser.add_argument("--nth", type=int, default=1, help="the occurrence of the point")
    parser.add_argument("--do", choices=["kill", "stop", "delete"], default="kill")
    parser.add_argument("--config", default="{}", help="run configuration as JSON")
    parser.add_argument("--beside-others", action="store_true", help="other runs are in progress")
    return parser


def arm(options: argparse.Namespace) -> None:
    """Install the requested fault, if any."""
    if options.at == LEDGER:
        _wrap_ledger(_Fault(options))
    elif options.at is not None:
        fault, matches = _Fault(options), _point(options.at)

        def listen(event: str, arguments: tuple[Any, ...]) -> None:
            fault.strike_if_due()
            if matches(event, arguments):
                fault.count_passage(str(arguments[0]))

        sys.addaudithook(listen)


class _Fault:
    """A fault and the passage of the point at which it strikes."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._do, self._nth = options.do, options.nth
        self.is_before = options.when == "before"
        self._passed = 0
        self._due: str | None = None

    def count_passage(self, path: str) -> None:
        """Count a passage and strike if it is the requested one; "after" at the next event."""
        self._passed += 1
        if self._passed == self._nth:
            self._due = path
            if self.is_before:
                self.strike_if_due()

    def strike_if_due(self) -> None:
        """Kill, stop or delete, once."""
        path, self._due = self._due, None
        if path is None:
            return
        if self._do == "delete":
            Path(path).unlink()
        else:
            os.kill(os.getpid(), signal.SIGKILL if self._do == "kill" else signal.SIGSTOP)


def _point(name: str) -> Callable[[str, tuple[Any, ...]], bool]:
    if name in RENAMES:
        return lambda event, arguments: (
            event == "os.rename" and bool(re.search(RENAMES[name], os.fspath(arguments[1])))
        )
    if name == DRAFT:
        return lambda event, arguments: event == "os.mkdir" and "/.draft-" in str(arguments[0])
    return lambda event, arguments: event == "open" and bool(re.search(OPENED, str(arguments[0])))


def _wrap_ledger(fault: _Fault) -> None:
    from bankseg_assets.landing.ledger import Ledger

    record = Ledger.record

    def recorded(self: Ledger, delivery: Any) -> None:
        if fault.is_before:
            fault.count_passage("")
        record(self, delivery)
        if not fault.is_before:
            fault.count_passage("")
            fault.strike_if_due()

    Ledger.record = recorded  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.exit(main())
