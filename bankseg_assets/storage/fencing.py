"""Fencing tokens in SQLite: only the run that started last may publish.

A run that was stopped (SIGSTOP, a sleeping laptop, a paused container) and continues after another
run has started must not publish results computed from older data. Each run gets a number when it
starts; only the holder of the greatest may rename a draft into a version. It checks this while it
holds the database's write lock, so no other run can start in between.
(Kleppmann, "How to do distributed locking", 2016: fencing tokens.)
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK_SECONDS = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS writers (
    token INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE
)
"""


class SupersededError(RuntimeError):
    """Raised when a newer run has started, so this one may no longer publish."""


class Writers:
    """The fencing tokens of one published folder; safe for concurrent processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def begin(self, run_id: str) -> int:
        """Return the run's token, assigning the next number to a new run."""
        with self._transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO writers (run_id) VALUES (?)", (run_id,))
            query = "SELECT token FROM writers WHERE run_id = ?"
            return int(connection.execute(query, (run_id,)).fetchone()[0])

    def require_newest(self, token: int) -> None:
        """Raise SupersededError when the token is not the newest."""
        with self.exclusive(token):
            pass

    def newest(self) -> int:
        """Return the greatest token; 0 if there is none yet."""
        with self._transaction() as connection:
            return _newest(connection)

    @contextmanager
    def exclusive(self, token: int) -> Iterator[None]:
        """Hold the lock while the newest writer publishes.

        Raises SupersededError when the token is not the newest.
        """
        with self._transaction() as connection:
            newest = _newest(connection)
            if token != newest:
                query = "SELECT run_id FROM writers WHERE token = ?"
                (other,) = connection.execute(query, (newest,)).fetchone()
                raise SupersededError(
                    f"This run may no longer publish, because the later run {other} took over. "
                    "Versions that it published stay in use; start a new run if any are missing."
                )
            yield

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Autocommit, so that BEGIN IMMEDIATE below is ours: it takes the write lock at once.
        connection = sqlite3.connect(self._path, timeout=LOCK_SECONDS, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_SCHEMA)
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()  # rolls back what was not committed


def _newest(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT COALESCE(MAX(token), 0) FROM writers").fetchone()[0])
