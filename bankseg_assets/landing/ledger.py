"""The ledger of deliveries: each content once, by SHA-256, with its outcome."""

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

DEMO_FILE_PREFIX = "demo_transactions"
DEMO_HOLDINGS_PREFIX = "demo_holdings"
CORRECTIONS_PREFIX = "corrections"
SHORT_DIGITS = 8  # of a SHA-256, for display

_SCHEMA = """
CREATE TABLE IF NOT EXISTS deliveries (
    sha256 TEXT PRIMARY KEY,
    file_name TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('accepted', 'rejected')),
    reason TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    records INTEGER NOT NULL,
    run_id TEXT NOT NULL,
    taken_at TEXT NOT NULL,
    contract TEXT NOT NULL DEFAULT ''
)
"""
# Separate from the deliveries, so that an older build's ledger stays valid and a delivery's
# previous state is kept for an undo.
_WITHDRAWALS = """
CREATE TABLE IF NOT EXISTS withdrawals (
    sha256 TEXT PRIMARY KEY REFERENCES deliveries (sha256),
    reason TEXT NOT NULL,
    withdrawn_at TEXT NOT NULL
)
"""
# The reading by which a delivery was last parsed, or which its original does not fit.
_READINGS = """
CREATE TABLE IF NOT EXISTS readings (
    sha256 TEXT PRIMARY KEY REFERENCES deliveries (sha256), reading TEXT NOT NULL
)
"""
# What is left of a delivery after customers were erased: every SHA-256 that its file has had.
_ERASURES = """
CREATE TABLE IF NOT EXISTS erasures (
    content_sha256 TEXT PRIMARY KEY, sha256 TEXT NOT NULL REFERENCES deliveries (sha256)
)
"""
_SEEN = """
CREATE TABLE IF NOT EXISTS landed_files (
    file_name TEXT PRIMARY KEY, size_bytes INTEGER, modified_ns INTEGER, sha256 TEXT NOT NULL
)
"""
# A ledger from before the contract was a file.
_ADD_CONTRACT = "ALTER TABLE deliveries ADD COLUMN contract TEXT NOT NULL DEFAULT ''"
_COLUMNS = "sha256, file_name, status, reason, size_bytes, records, run_id, taken_at, contract"
_RECORD = f"""
INSERT INTO deliveries ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?)
ON CONFLICT (sha256) DO UPDATE SET ({_COLUMNS}) = (
    excluded.sha256, excluded.file_name, excluded.status, excluded.reason, excluded.size_bytes,
    excluded.records, excluded.run_id, excluded.taken_at, excluded.contract
) WHERE status = 'rejected' AND contract <> excluded.contract
"""
# Files of one run are recorded within a second; rowid preserves their order.
_READ = f"SELECT {_COLUMNS} FROM deliveries ORDER BY taken_at, rowid"
_READ_WITHDRAWALS = "SELECT sha256, reason, withdrawn_at FROM withdrawals"
_READ_ERASURES = "SELECT sha256, content_sha256 FROM erasures ORDER BY rowid"
WITHDRAWN = "withdrawn"


class WithdrawalError(ValueError):
    """A delivery that cannot be withdrawn or restored; the message says why."""


@dataclass(frozen=True)
class Delivery:
    """One delivered content: accepted with its number of records, or rejected with a reason.

    A withdrawn delivery was accepted and no longer counts; `reason` is then the operator's.
    """

    sha256: str
    file_name: str
    status: Literal["accepted", "rejected", "withdrawn"]
    reason: str
    size_bytes: int
    records: int
    run_id: str
    taken_at: str = ""
    contract: str = ""
    """Fingerprint of the contract that accepted or rejected it."""
    withdrawn_at: str = ""
    reading: str = ""
    """Hash of the contract's settings that parsed it (`reading`); empty from older builds."""
    content_sha256: str = ""
    """Of what is left of it, if customers were erased from it; empty if it is as delivered."""

    @property
    def archived_sha256(self) -> str:
        """The SHA-256 of the archived original, which an erasure has changed."""
        return self.content_sha256 or self.sha256

    @property
    def is_demo(self) -> bool:
        """Whether this is demo data, which is ignored once real data arrives."""
        return self.file_name.startswith((DEMO_FILE_PREFIX, DEMO_HOLDINGS_PREFIX))

    @property
    def short(self) -> str:
        """The first digits of the SHA-256, as commands print and accept them."""
        return self.sha256[:SHORT_DIGITS]

    @property
    def is_correction(self) -> bool:
        """Whether its rows override contradicting rows with the same transaction ID."""
        return self.file_name.startswith(CORRECTIONS_PREFIX)


class Ledger:
    """The deliveries in SQLite; safe for concurrent processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._connect() as connection:
            connection.execute(_SCHEMA)
            connection.execute(_WITHDRAWALS)
            connection.execute(_READINGS)
            connection.execute(_ERASURES)
            known = [row[1] for row in connection.execute("PRAGMA table_info(deliveries)")]
            if "contract" not in known:
                connection.execute(_ADD_CONTRACT)

    def record(self, delivery: Delivery) -> None:
        """Record the outcome of a content.

        The first outcome stays, except a rejection by a contract that has changed since.
        """
        taken_at = datetime.now(UTC).isoformat(timespec="seconds")
        with self._connect() as connection:
            values = astuple(replace(delivery, taken_at=taken_at))[: len(_COLUMNS.split(","))]
            connection.execute(_RECORD, values)

    def record_reading(
        self, sha256: str, reading: str, *, records: int | None = None, reason: str = ""
    ) -> None:
        """Record the reading that parsed a content and, when parsed again, its result."""
        with self._connect() as connection:
            connection.execute("INSERT OR REPLACE INTO readings VALUES (?,?)", (sha256, reading))
            if records is not None:
                connection.execute(
                    "UPDATE deliveries SET records = ?, reason = ? WHERE sha256 = ?",
                    (records, reason, sha256),
                )

    def deliveries(self) -> list[Delivery]:
        """Return all deliveries, oldest first."""
        with self._connect() as connection:
            found = [Delivery(*row) for row in connection.execute(_READ).fetchall()]
            rows = connection.execute(_READ_WITHDRAWALS).fetchall()
            readings = connection.execute("SELECT sha256, reading FROM readings").fetchall()
            erasures = connection.execute(_READ_ERASURES).fetchall()
        changes: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        for sha256, reading in readings:
            changes[sha256]["reading"] = reading
        for sha256, content_sha256 in erasures:  # the last one is the newest
            changes[sha256]["content_sha256"] = content_sha256
        for sha256, reason, at in rows:
            changes[sha256] |= {"status": WITHDRAWN, "reason": reason, "withdrawn_at": at}
        return [replace(one, **changes[one.sha256]) for one in found]

    def record_erasure(self, sha256: str, content_sha256: str, records: int) -> None:
        """Record what is left of a delivery: the SHA-256 of its file, and its records."""
        with self._connect() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO erasures VALUES (?,?)", (content_sha256, sha256)
            )
            connection.execute(
                "UPDATE deliveries SET records = ? WHERE sha256 = ?", (records, sha256)
            )

    def delivered_as(self) -> dict[str, str]:
        """Return content -> delivery of all files that are left of deliveries, by SHA-256."""
        with self._connect() as connection:
            rows = connection.execute(_READ_ERASURES).fetchall()
        return {content_sha256: sha256 for sha256, content_sha256 in rows}

    def withdraw(self, start: str, reason: str = "") -> Delivery:
        """Withdraw the accepted delivery whose SHA-256 begins with `start`; return it.

        From the next batch on, it does not count. Raises WithdrawalError.
        """
        found = self._find(start)
        if found.status != "accepted":
            raise WithdrawalError(
                f"{found.file_name} ({found.short}) is {found.status}; only an accepted file "
                f"can be withdrawn. {found.reason}".strip()
            )
        at = datetime.now(UTC).isoformat(timespec="seconds")
        with self._connect() as connection:
            connection.execute(
                "INSERT INTO withdrawals VALUES (?,?,?) ON CONFLICT DO NOTHING",
                (found.sha256, reason, at),
            )
        return self._find(found.sha256)

    def undo_withdrawal(self, start: str) -> Delivery:
        """Restore the withdrawn delivery whose SHA-256 begins with `start`; return it.

        Raises WithdrawalError.
        """
        found = self._find(start)
        if found.status != WITHDRAWN:
            raise WithdrawalError(
                f"{found.file_name} ({found.short}) is {found.status}, not withdrawn: there is "
                "nothing to undo."
            )
        with self._connect() as connection:
            connection.execute("DELETE FROM withdrawals WHERE sha256 = ?", (found.sha256,))
        return self._find(found.sha256)

    def _find(self, start: str) -> Delivery:
        start = start.strip().lower()
        if len(start) < SHORT_DIGITS or set(start) - set("0123456789abcdef"):
            raise WithdrawalError(
                f"{start!r} is not a delivery: give at least the first {SHORT_DIGITS} digits of "
                "its SHA-256, as `bankseg deliveries` lists them."
            )
        found = [one for one in self.deliveries() if one.sha256.startswith(start)]
        if not found:
            raise WithdrawalError(
                f"No delivery has a SHA-256 that begins with {start}. `bankseg deliveries` lists "
                "them."
            )
        if len(found) > 1:
            names = ", ".join(one.sha256[: len(start) + SHORT_DIGITS] for one in found)
            raise WithdrawalError(
                f"{len(found)} deliveries have a SHA-256 that begins with {start}: {names}. Give "
                "more digits."
            )
        return found[0]

    def remember_hash(self, file_name: str, size: int, modified_ns: int, sha256: str) -> None:
        """Store the current hash of a landed file; one hash is kept per name."""
        with self._connect() as connection:
            connection.execute(_SEEN)
            connection.execute(
                "INSERT OR REPLACE INTO landed_files VALUES (?,?,?,?)",
                (file_name, size, modified_ns, sha256),
            )

    def hashes(self) -> dict[tuple[str, int, int], str]:
        """Return (name, size, modified_ns) -> SHA-256 of the landed files that were hashed."""
        with self._connect() as connection:
            connection.execute(_SEEN)  # here, because readers of deliveries may lack write access
            rows = connection.execute("SELECT * FROM landed_files").fetchall()
        return {(name, size, modified_ns): sha256 for name, size, modified_ns, sha256 in rows}

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=30)
        try:
            # Not WAL: it needs shared memory, which machines on a network disk lack, and a
            # writable folder, which readers in a container lack.
            connection.execute("PRAGMA journal_mode=DELETE")
            with connection:
                yield connection
        finally:
            connection.close()


def current_content(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Return the deliveries that make up the table, in an order independent of arrival.

    Demo data is ignored once real data arrives: demo customers among real ones would distort every
    segment.
    """
    accepted = [delivery for delivery in deliveries if delivery.status == "accepted"]
    real = [delivery for delivery in accepted if not delivery.is_demo]
    return sorted(real or accepted, key=lambda delivery: delivery.sha256)


def by_precedence(deliveries: Iterable[Delivery], *, latest: bool) -> list[Delivery]:
    """Return the deliveries whose rows override contradicting ones, the strongest last.

    `deliveries`: in order of arrival. `latest`: every later delivery overrides earlier ones, not
    only corrections. A correction overrides a later file of another name, which may still hold the
    uncorrected rows.
    """
    found = [delivery for delivery in deliveries if latest or delivery.is_correction]
    return sorted(found, key=lambda delivery: delivery.is_correction)


def content_hash(sha256s: Iterable[str]) -> str:
    """Return one SHA-256 for a set of contents, independent of their order."""
    return hashlib.sha256("\n".join(sorted(sha256s)).encode()).hexdigest()
