"""The ledger: which content was delivered, and what became of it. Exactly once, by SHA-256."""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

DEMO_FILE_PREFIX = "demo_transactions"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS deliveries (
    sha256 TEXT PRIMARY KEY,
    file_name TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('accepted', 'rejected')),
    reason TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    records INTEGER NOT NULL,
    run_id TEXT NOT NULL,
    taken_at TEXT NOT NULL
)
"""


@dataclass(frozen=True)
class Delivery:
    """One content that arrived: accepted with its number of records, or rejected with a reason."""

    sha256: str
    file_name: str
    status: Literal["accepted", "rejected"]
    reason: str
    size_bytes: int
    records: int
    run_id: str
    taken_at: str = ""

    @property
    def is_demo(self) -> bool:
        """Demo data steps aside as soon as the bank's own file arrives."""
        return self.file_name.startswith(DEMO_FILE_PREFIX)


class Ledger:
    """The deliveries in SQLite; safe for several processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._connect() as connection:
            connection.execute(_SCHEMA)

    def record(self, delivery: Delivery) -> None:
        """Write what became of a content; the first word stays."""
        row = (*astuple(delivery)[:-1], datetime.now(UTC).isoformat(timespec="seconds"))
        with self._connect() as connection:
            connection.execute("INSERT OR IGNORE INTO deliveries VALUES (?,?,?,?,?,?,?,?)", row)

    def deliveries(self) -> list[Delivery]:
        """Return everything that was ever delivered, oldest first."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT * FROM deliveries ORDER BY taken_at, sha256"
            ).fetchall()
        return [Delivery(*row) for row in rows]

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=30)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            with connection:
                yield connection
        finally:
            connection.close()


def current_content(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Return the deliveries that make up the table, in an order that arrival does not change.

    The demo file counts only while there is nothing else: demo customers beside real ones would
    bend every segment.
    """
    accepted = [delivery for delivery in deliveries if delivery.status == "accepted"]
    real = [delivery for delivery in accepted if not delivery.is_demo]
    return sorted(real or accepted, key=lambda delivery: delivery.sha256)


def content_hash(sha256s: Iterable[str]) -> str:
    """Return one SHA-256 for a set of contents, whatever their order."""
    return hashlib.sha256("\n".join(sorted(sha256s)).encode()).hexdigest()
