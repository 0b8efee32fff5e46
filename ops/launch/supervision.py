"""Supervise a service: restart it when it dies, with growing delays and a limit."""

import math
import time
from collections.abc import Mapping
from pathlib import Path

from ops.launch.processes import Child, ProcessTree
from ops.launch.services import Service

# A service that dies five times in five minutes has a cause that a restart does not repair.
MAX_DEATHS = 5
WITHIN_SECONDS = 300.0
FIRST_DELAY_SECONDS = 1.0  # then 2, 4 and 8


class LaunchError(RuntimeError):
    """A service failed to start or to stay up; the message holds the tail of its log."""


class SupervisedService:
    """A service with its current process and the times of its recent deaths."""

    def __init__(
        self, service: Service, processes: ProcessTree, environ: Mapping[str, str], logs: Path
    ) -> None:
        self.service = service
        self._processes = processes
        self._environ = environ
        self._log = logs / f"{service.name}.log"
        self._deaths: list[float] = []
        self._start_at = 0.0
        self._child: Child | None = self._start()

    def raise_if_dead(self) -> None:
        """Raise LaunchError if the process has ended, unless the service is optional."""
        if self._child is not None and self._child.is_dead and not self.service.is_optional:
            raise LaunchError(_exit_report(self._child))

    def restart_if_dead(self) -> None:
        """Restart the process if it has ended.

        If that happens too often: raise LaunchError, or go on without an optional service.
        """
        now = time.monotonic()
        if self._child is None:
            if now >= self._start_at:
                self._child = self._start()
        elif self._child.is_dead:
            if self.service.is_optional and self._child.process.returncode == 0:
                self._child = self._start()
            else:
                self._note_death(self._child, now)

    def _note_death(self, child: Child, now: float) -> None:
        """Set the time of the next start; raise LaunchError if there is none."""
        self._deaths = [death for death in self._deaths if now - death < WITHIN_SECONDS]
        self._deaths.append(now)
        self._child = None
        if len(self._deaths) < MAX_DEATHS:
            delay = FIRST_DELAY_SECONDS * 2.0 ** (len(self._deaths) - 1)
            self._start_at = now + delay
            end = f"it restarts in {delay:g} s. Its log is {self._log.with_suffix('.previous.log')}"
            print(f"{_exit_status(child)}; {end}.", flush=True)
            return
        often = f"{len(self._deaths)} times in {WITHIN_SECONDS / 60:.0f} minutes: "
        if not self.service.is_optional:
            raise LaunchError(often + _exit_report(child))
        self._start_at = math.inf
        end = f"the platform goes on without it. Its log is {self._log}"
        print(f"{often}{_exit_status(child)}; {end}.", flush=True)

    def _start(self) -> Child:
        return self._processes.start(
            self.service.name,
            self.service.command,
            environ={**self._environ, **self.service.environ},
            log=self._log,
        )


def _exit_report(child: Child) -> str:
    return (
        f"{_exit_status(child)}, so everything is stopped. The end of {child.log}:\n{child.tail()}"
    )


def _exit_status(child: Child) -> str:
    code = child.process.returncode
    how = f"exit code {code}" if code >= 0 else f"signal {-code}"
    return f"{child.name} ended unexpectedly with {how}"
