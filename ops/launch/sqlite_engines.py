"""Engines of the instance's SQLite databases, which keep a connection open.

Dagster makes an engine for each access, opens the database and closes it, after which SQLite writes
its journal back and flushes it. It also reads all of its migration scripts for each new instance,
and a code server makes an instance for each look of a sensor. That was more than half of what an
idle platform did: code server and daemon took 8.6 % of a core.

A killed process loses nothing. After a power cut the last entries may be missing, as is the run
that wrote them: what is published is on disk (`storage.fsync`), and the sensors repeat the run.
"""

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

MOST_KEPT = 6
"""Databases: runs, ticks, the index of events, and the events of the last runs."""


class _Kept(NamedTuple):
    engine: Engine
    inode: int
    """Another file may have taken the place of the one that is open."""


_kept: OrderedDict[Path, _Kept] = OrderedDict()
_lock = Lock()


def engine_of(path: Path, url: str, prepare: Callable[[Engine], None] | None = None) -> Engine:
    """Return the engine of a database.

    `prepare` is called before the first use by this process; None: the tables are there.
    """
    with _lock:
        if is_kept(path):
            _kept.move_to_end(path)
            return _kept[path].engine
        engine = _engine(url)
        if prepare is not None:
            prepare(engine)
        with engine.connect():  # makes the file
            _keep(path, _Kept(engine, path.stat().st_ino))
    return engine


def is_kept(path: Path) -> bool:
    """Return whether this process has prepared a database that is still in its place."""
    found = _kept.get(path)
    try:
        return found is not None and found.inode == path.stat().st_ino
    except FileNotFoundError:
        return False


def _keep(path: Path, one: _Kept) -> None:
    if replaced := _kept.pop(path, None):
        replaced.engine.dispose()
    _kept[path] = one
    while len(_kept) > MOST_KEPT:
        _, oldest = _kept.popitem(last=False)
        oldest.engine.dispose()  # a connection in use ends with its transaction


def _engine(url: str) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=-1,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
    )
    event.listen(engine, "connect", _do_not_wait_for_the_disk)
    return engine


def _do_not_wait_for_the_disk(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()
