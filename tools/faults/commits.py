"""Scenarios: kill -9 just before and just after each commit point."""

import random

from tools.faults.lab import EVERYTHING_JOB, INGEST, TAKE, Lab, compare
from tools.faults.scenario import FaultError, Outcome, scenario
from tools.faults.state import EVERYTHING, INGESTION, RAW

KILLED = -9


@scenario("kill-at-archive", "kill -9 at the rename of the archived copy")
def archive(lab: Lab, seed: int) -> Outcome:
    """The archived copy of a delivered file gets its name."""
    return _taking(lab, seed, "archive")


@scenario("kill-at-records", "kill -9 at the rename of the parsed records")
def records(lab: Lab, seed: int) -> Outcome:
    """The parsed Parquet gets its name."""
    return _taking(lab, seed, "records")


@scenario("kill-at-ledger", "crash between swap and ledger, and after the ledger", quick=True)
def ledger(lab: Lab, seed: int) -> Outcome:
    """The ledger records the content; its Parquet exists already."""
    return _taking(lab, seed, "ledger")


@scenario("kill-at-cleaned", "kill -9 at the rename of cleaned_transactions (swap, no event yet)")
def cleaned(lab: Lab, seed: int) -> Outcome:
    """The cleaned version gets its name before Dagster records it."""
    return _crash(lab, seed, "cleaned", 1, INGEST, INGESTION)


@scenario("kill-at-version", "kill -9 at the rename of any other version")
def version(lab: Lab, seed: int) -> Outcome:
    """One of the ten versions that a run makes gets its name."""
    nth = random.Random(seed).randint(1, 10)
    return _crash(lab, seed, "version", nth, EVERYTHING_JOB, EVERYTHING)


@scenario("kill-at-release", "kill -9 at the append of the release")
def release(lab: Lab, seed: int) -> Outcome:
    """The release that names all the versions gets its name."""
    return _crash(lab, seed, "release", 1, EVERYTHING_JOB, EVERYTHING)


def _taking(lab: Lab, seed: int, point: str) -> Outcome:
    return _crash(lab, seed, point, 1, TAKE, RAW)


def _crash(
    lab: Lab, seed: int, point: str, nth: int, options: tuple[str, ...], assets: tuple[str, ...]
) -> Outcome:
    when = ("before", "after")[seed % 2]
    platform = lab.serving(1)
    platform.deliver(lab.files[1])
    outcome = Outcome(holds=False, detail=f"{when} passage {nth}" if nth > 1 else when)
    with lab.watched(platform, outcome):
        code = platform.batch(*options, "--at", point, "--when", when, "--nth", str(nth))
        if code != KILLED:
            raise FaultError(f"the fault did not happen: exit code {code}\n{platform.log_tail()}")
        outcome.seconds["rerun"] = platform.rerun(*options)
    wanted = lab.refitted(1, 2) if options == EVERYTHING_JOB else lab.undisturbed(2, *options)
    compare(platform, wanted, assets, outcome)
    lab.discard(platform)
    return outcome
