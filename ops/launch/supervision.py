"""Keep a service running: start it again when it dies, more patiently each time, not for ever."""

import time
from collections.abc import Mapping
from pathlib import Path

from ops.launch.processes import Child, Family
from ops.launch.services import Service

# A service that dies five times in five minutes has a cause that starting it does not mend.
MOST_DEATHS = 5
WITHIN_SECONDS = 300.0
FIRST_DELAY_SECONDS = 1.0  # then 2, 4 and 8


class LaunchError(RuntimeError):
    """Something that was started did not do its work; the message holds the tail of its log."""


class Kept:
    """A service, the process that is it now, and its latest deaths."""

    def __init__(
        self, service: Service, family: Family, environ: Mapping[str, str], logs: Path
    ) -> None:
        self.service = service
        self._family = family
        self._environ = environ
        self._log = logs / f"{service.name}.log"
        self._deaths: list[float] = []
        self._start_at = 0.0
        self._child: Child | None = self._start()

    def raise_if_dead(self) -> None:
        """Raise LaunchError when it has ended."""
        if self._child is not None and self._child.is_dead:
            raise LaunchError(_obituary(self._child))

    def tend(self) -> None:
        """Start it again when it has ended; raise LaunchError when that happens too often."""
        now = time.monotonic()
        if self._child is None:
            if now >= self._start_at:
                self._child = self._start()
        elif self._child.is_dead:
            self._deaths = [death for death in self._deaths if now - death < WITHIN_SECONDS]
            self._deaths.append(now)
            if len(self._deaths) >= MOST_DEATHS:
                raise LaunchError(
                    f"{len(self._deaths)} times in {WITHIN_SECONDS / 60:.0f} minutes: "
                    + _obituary(self._child)
                )
            delay = FIRST_DELAY_SECONDS * 2.0 ** (len(self._deaths) - 1)
            print(
                f"{_end_of(self._child)}; it is started again in {delay:g} s. "
                f"Its log is {self._log.with_suffix('.previous.log')}.",
                flush=True,
            )
            self._child, self._start_at = None, now + delay

    def _start(self) -> Child:
        return self._family.start(
            self.service.name,
            self.service.command,
            environ={**self._environ, **self.service.environ},
            log=self._log,
        )


def _obituary(child: Child) -> str:
    return f"{_end_of(child)}, so everything is stopped. The end of {child.log}:\n{child.tail()}"


def _end_of(child: Child) -> str:
    code = child.process.returncode
    how = f"exit code {code}" if code >= 0 else f"signal {-code}"
    return f"{child.name} ended by itself with {how}"
