"""Scenarios: kill -9 of each process of a serving platform, at a random time of a run.

The platform keeps running from seed to seed; each seed delivers another file.
"""

import random
import time
from collections.abc import Callable

from tools.faults.lab import Lab, compare
from tools.faults.scenario import Outcome, scenario
from tools.faults.serving import Serving, kill
from tools.faults.state import EVERYTHING

JOB = "refresh"
LATEST_SECONDS = 16.0  # after the start of a run, which takes 20 or more
RECOVERY_SECONDS = 300.0
LINGERING_SECONDS = 30.0

Strike = Callable[[Serving, str], None]


@scenario("kill-worker", "kill -9 of the run worker")
def worker(lab: Lab, seed: int) -> Outcome:
    """The code server, as the parent, detects it."""
    return _strike(lab, seed, "kill-worker", lambda serving, run: kill(serving.worker(run)))


@scenario("kill-jvm", "kill -9 of the run's JVM")
def jvm(lab: Lab, seed: int) -> Outcome:
    """The step fails; the sensors start another run."""
    return _strike(lab, seed, "kill-jvm", lambda serving, run: kill(serving.jvm(run)))


@scenario("kill-code-server", "kill -9 of the code server")
def code_server(lab: Lab, seed: int) -> Outcome:
    """The launcher replaces it; the run continues without it."""
    return _strike(
        lab, seed, "kill-code-server", lambda serving, _run: kill(serving.service("code server"))
    )


@scenario("kill-daemon", "kill -9 of the daemon")
def daemon(lab: Lab, seed: int) -> Outcome:
    """The launcher replaces it; queued runs stay queued."""
    return _strike(lab, seed, "kill-daemon", lambda serving, _run: kill(serving.service("daemon")))


@scenario("kill-worker-and-code-server", "kill -9 of the run worker and the code server")
def worker_and_code_server(lab: Lab, seed: int) -> Outcome:
    """Only the run launcher's health check can detect the lost run."""

    def strike(serving: Serving, run_id: str) -> None:
        pid = serving.worker(run_id)
        kill(serving.service("code server"))
        kill(pid)

    return _strike(lab, seed, "kill-worker-and-code-server", strike)


@scenario("kill-launcher", "kill -9 of `make run`, and `make run` again")
def launcher(lab: Lab, seed: int) -> Outcome:
    """The run in progress continues, and the new servers monitor it."""

    def strike(serving: Serving, _run: str) -> None:
        serving.kill_launcher()
        serving.start()

    return _strike(lab, seed, "kill-launcher", strike)


def _strike(lab: Lab, seed: int, name: str, strike: Strike) -> Outcome:
    serving: Serving = lab.running(name, Serving)
    n_files = seed + 2
    wanted = lab.refreshed(n_files)
    outcome, rng = Outcome(holds=False), random.Random(seed)
    delay = rng.uniform(0, LATEST_SECONDS)
    known = {run.run_id for run in serving.instance.get_runs()}
    with lab.watched(serving.platform, outcome):
        serving.platform.deliver(lab.files[n_files - 1])
        run_id = serving.run_of(JOB, known).run_id
        time.sleep(delay)
        strike(serving, run_id)
        struck = time.monotonic()
        serving.wait_for(lambda: serving.is_over(run_id), "the end of the run", RECOVERY_SECONDS)
        outcome.seconds["terminal"] = time.monotonic() - struck
        serving.wait_for(
            lambda: not serving.platform.unfinished_runs() and serving.platform.state() == wanted,
            "the results of an undisturbed platform",
            RECOVERY_SECONDS,
        )
        outcome.seconds["recovered"] = time.monotonic() - struck
    serving.wait_for(lambda: not serving.jvms(), "the end of the JVMs", LINGERING_SECONDS)
    outcome.detail = (
        f"{JOB} after {delay:.1f} s: ended in {outcome.seconds['terminal']:.1f} s, "
        f"recovered in {outcome.seconds['recovered']:.1f} s"
    )
    return compare(serving.platform, wanted, EVERYTHING, outcome)
