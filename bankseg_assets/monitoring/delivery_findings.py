"""Findings on deliveries: the last one, files that wait, and the contract."""

import os
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bankseg_assets.contracts.delivery import ContractError, load_contract
from bankseg_assets.landing.files import (
    IgnoredFile,
    LandedFile,
    list_ignored,
    list_landing,
    printable,
)
from bankseg_assets.landing.ledger import Delivery, Ledger
from bankseg_assets.monitoring.finding import Finding, span

LAST, WAITING, CONTRACT = "Last delivery", "Waiting files", "Contract"
# A batch of a large file takes minutes, during which others wait.
LATE_AFTER, STUCK_AFTER = timedelta(minutes=15), timedelta(hours=2)
LISTED = 3


@dataclass(frozen=True)
class Inbox:
    """A folder where files are dropped; `waiting`: those whose content is not in the ledger."""

    folder: Path
    known: Sequence[Delivery]
    waiting: Sequence[LandedFile]
    ignored: Sequence[IgnoredFile]
    problem: str = ""


def inbox(folder: Path, ledger: Path) -> Inbox:
    """Return the state of a folder; creates nothing."""
    try:
        landed, ignored = list_landing(folder), list_ignored(folder)
        if not ledger.exists():  # opening it would create it
            return Inbox(folder, (), landed, ignored)
        opened = Ledger(ledger)
        known, hashes, content = opened.deliveries(), opened.hashes(), opened.delivered_as()
    except OSError as error:
        return Inbox(folder, (), (), (), f"{folder} cannot be read ({error.strerror}).")
    except sqlite3.Error as error:
        return Inbox(folder, (), (), (), f"{ledger} cannot be read ({error}).")
    settled = {one.sha256 for one in known}
    waiting = [
        file
        for file in landed
        if (sha256 := hashes.get((file.name, file.size, file.modified_ns), "")) not in settled
        and content.get(sha256) not in settled
    ]
    return Inbox(folder, known, waiting, ignored)


def last_delivery_finding(
    known: Iterable[Delivery], landing: Path, now: datetime, *, has_release: bool
) -> Finding:
    """Return the outcome of the last delivery."""
    # A ledger has them in order; those of one run have the same second.
    last = max(reversed([*known]), key=lambda one: one.taken_at, default=None)
    if last is None and has_release:  # a machine that only serves copies of releases
        return Finding(topic=LAST, level="green", fact="None is recorded on this machine.")
    if last is None:
        return Finding(
            topic=LAST,
            level="amber",
            fact="No file has been delivered.",
            next_step=f"Drop a file of transactions into {landing}.",
        )
    age = span(now - datetime.fromisoformat(last.taken_at))
    fact = f"{printable(last.file_name)} was {last.status} {age} ago."
    if last.status != "rejected":
        return Finding(topic=LAST, level="green", fact=fact)
    return Finding(
        topic=LAST,
        level="amber",
        fact=f"{fact} {last.reason}",
        next_step="Correct the file, or the contract that describes it, and deliver it again.",
    )


def waiting_finding(found: Sequence[Inbox], now: datetime) -> Finding:
    """Return which files wait to be ingested, and for how long."""
    problems = [one.problem for one in found if one.problem]
    if problems:
        return Finding(
            topic=WAITING,
            level="red",
            fact=" ".join(problems),
            next_step="Repair the folder or its permissions, or restore the file from a backup.",
        )
    waiting = [file for one in found for file in one.waiting]
    ignored = [entry for one in found for entry in one.ignored]
    if not waiting:
        return _ignored(ignored)
    longest = max(_waited(file, now) for file in waiting)
    fact = f"{_listed([file.name for file in waiting])} waited for {span(longest)} so far."
    if longest < LATE_AFTER:
        return Finding(topic=WAITING, level="green", fact=fact)
    return Finding(
        topic=WAITING,
        level="amber" if longest < STUCK_AFTER else "red",
        fact=fact,
        next_step="Look at the sensors and runs in Dagster: is `make run` running, and does a run "
        "fail or hang?",
    )


def contract_finding(contract: Path) -> Finding:
    """Return whether the contract can be used."""
    try:
        load_contract(contract)
    except ContractError as error:
        return Finding(
            topic=CONTRACT,
            level="red",
            fact=str(error),
            next_step="Correct it; no file is ingested until then.",
        )
    return Finding(topic=CONTRACT, level="green", fact=f"{contract.name} can be used.")


def _ignored(found: Sequence[IgnoredFile]) -> Finding:
    if not found:
        return Finding(topic=WAITING, level="green", fact="None.")
    return Finding(
        topic=WAITING,
        level="amber",
        fact=f"{_listed([one.name for one in found])} will not be ingested. {found[0].reason}",
        next_step="Deliver it in a supported form, or remove it from the folder.",
    )


def _waited(file: LandedFile, now: datetime) -> timedelta:
    """Return the time since a file arrived: its change of status, since copies keep their date."""
    try:
        arrived = os.lstat(file.path).st_ctime
    except OSError:  # moved meanwhile
        return timedelta()
    return max(now - datetime.fromtimestamp(arrived, now.tzinfo), timedelta())


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name) for name in names[:LISTED])
    more = len(names) - LISTED
    return f"{shown} and {more:,} more" if more > 0 else shown
