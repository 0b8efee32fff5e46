"""Dagster's runs and ticks in SQLite, without opening the databases for each access."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite import create_db_conn_string
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, make_url

from ops.launch.sqlite_engines import engine_of, is_kept

RUNS, SCHEDULES = "runs", "schedules"
"""Names of the databases; Dagster's own."""


class QuickRunStorage(SqliteRunStorage):
    """SqliteRunStorage that keeps a connection."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "QuickRunStorage":
        """Return the storage that dagster.yaml configures."""
        return cls.from_local(inst_data=inst_data, **config_value)

    @classmethod
    def from_local(cls, base_dir: str, inst_data: ConfigurableClassData | None = None) -> Self:
        """Return the storage in a folder; its migrations are checked once in a process."""
        if is_kept(Path(base_dir) / f"{RUNS}.db"):
            return cls(create_db_conn_string(base_dir, RUNS), inst_data)
        found = super().from_local(base_dir, inst_data)
        _engine(found._conn_string)  # now kept, also by a process that makes no use of it
        return found

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Yield a connection in a transaction."""
        with _engine(self._conn_string).begin() as connection:
            yield connection


class QuickScheduleStorage(SqliteScheduleStorage):
    """SqliteScheduleStorage that keeps a connection."""

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "QuickScheduleStorage":
        """Return the storage that dagster.yaml configures."""
        return cls.from_local(inst_data=inst_data, **config_value)

    @classmethod
    def from_local(
        cls, base_dir: str, inst_data: ConfigurableClassData | None = None
    ) -> "QuickScheduleStorage":
        """Return the storage in a folder; its migrations are checked once in a process."""
        if is_kept(Path(base_dir) / f"{SCHEDULES}.db"):
            return cls(create_db_conn_string(base_dir, SCHEDULES), inst_data)
        found = super().from_local(base_dir, inst_data)
        assert isinstance(found, QuickScheduleStorage)
        _engine(found._conn_string)
        return found

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Yield a connection in a transaction."""
        with _engine(self._conn_string).begin() as connection:
            yield connection


def _engine(url: str) -> Engine:
    path = make_url(url).database
    assert path is not None
    return engine_of(Path(path), url, _is_prepared)


def _is_prepared(_: Engine) -> None:
    """Do nothing: `from_local` has made the tables."""
