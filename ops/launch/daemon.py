"""Run Dagster's daemon: `python -m ops.launch.daemon run`, with the options of dagster-daemon.

At the start of the platform it first fails the runs whose processes were killed with the previous
one; they would occupy the queue's only slot. A daemon that replaces a dead one leaves the runs
alone: the code server may be starting one.
"""

import os
from pathlib import Path

from dagster import DagsterInstance
from dagster._daemon.cli import main as run_daemon

from ops.launch.materialize import fail_interrupted_runs
from ops.launch.services import CODE_SOCKET


def recover_once(marker: Path) -> None:
    """Fail interrupted runs unless a daemon of the same platform has done so."""
    if marker.exists():
        return
    with DagsterInstance.get() as instance:
        fail_interrupted_runs(instance)
    marker.touch()


if __name__ == "__main__":
    recover_once(Path(os.environ[CODE_SOCKET]).with_name("recovered"))
    run_daemon()
