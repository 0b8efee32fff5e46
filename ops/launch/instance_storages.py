"""Dagster's runs and ticks in SQLite, without opening the databases for each access."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite import create_db_conn_string
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, make_url

from ops.launch.sqlite_engines import engine_of, is_kept


class _KeptDatabase:
    """What both storages have in common; goes before Dagster's class, which makes the tables."""

    _database: ClassVar[str]
    """The name that Dagster gives it."""
    _conn_string: str

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(conn_string, inst_data)  # type: ignore[call-arg]

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Self:
        """Return the storage that dagster.yaml configures."""
        return cls.from_local(inst_data=inst_data, **config_value)

    @classmethod
    def from_local(cls, base_dir: str, inst_data: ConfigurableClassData | None = None) -> Self:
        """Return the storage in a folder; its migrations are checked once in a process."""
        if is_kept(Path(base_dir) / f"{cls._database}.db"):
            return cls(create_db_conn_string(base_dir, cls._database), inst_data)
        found: Self = super().from_local(base_dir, inst_data)  # type: ignore[misc]
        found._engine()  # now kept, also by a process that makes no use of it
        return found

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Yield a connection in a transaction."""
        with self._engine().begin() as connection:
            yield connection

    def _engine(self) -> Engine:
        path = make_url(self._conn_string).database
        assert path is not None
        return engine_of(Path(path), self._conn_string)


class QuickRunStorage(_KeptDatabase, SqliteRunStorage):
    """SqliteRunStorage that keeps a connection."""

    _database = "runs"


class QuickScheduleStorage(_KeptDatabase, SqliteScheduleStorage):
    """SqliteScheduleStorage that keeps a connection."""

    _database = "schedules"
