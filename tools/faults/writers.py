"""Scenarios: two concurrent runs, and a suspended run that resumes after another has published."""

import os
import random
import signal
import time

import psutil

from tools.faults.lab import INGEST, Lab, compare
from tools.faults.scenario import FaultError, Outcome, scenario
from tools.faults.state import INGESTION

STOP_SECONDS = 120.0


@scenario("two-runs-one-file", "two runs on one file at once")
def one_file(lab: Lab, seed: int) -> Outcome:
    """The run that began last publishes; the other is refused or has ended before."""
    return _two_runs(lab, seed, n_later=0)


@scenario("two-runs-two-files", "two runs on different files at once")
def two_files(lab: Lab, seed: int) -> Outcome:
    """As `one_file`, with a file that only the second run has seen."""
    return _two_runs(lab, seed, n_later=1)


@scenario("zombie-writer", "a run that is stopped (SIGSTOP) and goes on after another (SIGCONT)")
def zombie(lab: Lab, seed: int) -> Outcome:
    """Results computed from older data must not be published."""
    platform, outcome = lab.serving(1), Outcome(holds=False)
    platform.deliver(lab.files[1])
    nth = str(1 + seed % 3)  # raw, quarantined or cleaned transactions
    with lab.watched(platform, outcome):
        fault = ("--at", "draft", "--do", "stop", "--nth", nth)
        with platform.start_batch(*INGEST, *fault) as stopped:
            try:
                _wait_until_stopped(stopped.pid)
                platform.deliver(lab.files[2])
                outcome.seconds["rerun"] = platform.rerun(*INGEST, "--beside-others")
                after = platform.state(INGESTION)
                stopped.send_signal(signal.SIGCONT)
                code = stopped.wait(STOP_SECONDS)
            finally:
                stopped.kill()
        if code == 0:
            raise FaultError("the stopped run succeeded although another run had published")
        if platform.state(INGESTION) != after:
            raise FaultError("the stopped run changed what was published")
    outcome.detail = f"stopped before draft {nth}"
    compare(platform, lab.undisturbed(3, *INGEST), INGESTION, outcome)
    lab.discard(platform)
    return outcome


def _two_runs(lab: Lab, seed: int, n_later: int) -> Outcome:
    platform, outcome, rng = lab.serving(1), Outcome(holds=False), random.Random(seed)
    platform.deliver(lab.files[1])
    with lab.watched(platform, outcome):
        with platform.start_batch(*INGEST, "--beside-others") as first:
            time.sleep(rng.uniform(0, 8))
            for number in range(n_later):
                platform.deliver(lab.files[2 + number])
            with platform.start_batch(*INGEST, "--beside-others") as second:
                codes = (first.wait(STOP_SECONDS), second.wait(STOP_SECONDS))
        if 0 not in codes:
            raise FaultError(f"neither run succeeded: {codes}\n{platform.log_tail()}")
        outcome.seconds["rerun"] = platform.rerun(*INGEST)
    outcome.detail = f"exit codes {codes}"
    compare(platform, lab.undisturbed(2 + n_later, *INGEST), INGESTION, outcome)
    lab.discard(platform)
    return outcome


def _wait_until_stopped(pid: int) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while psutil.Process(pid).status() != psutil.STATUS_STOPPED:
        if time.monotonic() > deadline or os.waitpid(pid, os.WNOHANG)[0]:
            raise FaultError("the run did not come to the point at which it is stopped")
        time.sleep(0.05)
