"""Journal of a removal of rows: staged files, and the renames that put them into place.

Until the journal is written, nothing has changed. Afterwards every step can be repeated, so that
an interrupted erasure is finished by the next one, or by the next run. It holds paths and hashes,
never IDs.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pydantic import Field

from bankseg_assets.landing.ledger import Ledger
from bankseg_assets.storage.documents import Document, replace_json
from bankseg_assets.storage.fsync import sync_file, sync_folder
from bankseg_assets.storage.version_store import size_and_sha256, update_record

ERASING = "erasing"
PUBLISHED = "published"
"""The published folder in the data folder."""
JOURNAL_FILE = "journal.json"
DRAFT = ".draft-erasing-"
Step = Callable[[str], None]
"""Called with the name of each step before it is made."""


class Replacement(Document):
    """A file to replace by a staged one, or to remove (`staged` is empty).

    target: relative to the data folder. is_copied: for files that others may write to, which must
    not share their bytes with the archive. size, sha256: of the staged file.
    """

    target: str
    staged: str = ""
    is_copied: bool = False
    size: int = 0
    sha256: str = ""


class Remainder(Document):
    """What is left of a delivery, for the ledger."""

    ledger: str
    sha256: str
    content_sha256: str
    records: int


class Place(Document):
    """What was removed from a place, for the certificate."""

    name: str
    files: int = 0
    rows: int = 0
    note: str = ""


class Plan(Document):
    """Everything that an erasure or the removal of old rows changes."""

    kept_from: str = ""
    """The first day that is kept, if old rows are removed; empty in an erasure."""
    is_retention: bool = False
    who: str
    why: str = ""
    started_at: str
    references: tuple[str, ...] = ()
    """The customers, by the start of their tombstones."""
    replacements: tuple[Replacement, ...] = ()
    remainders: tuple[Remainder, ...] = ()
    places: tuple[Place, ...] = ()
    downloads: int = 0
    """Lists that were downloaded before, according to the audit log."""
    urls: tuple[str, ...] = ()
    notes: tuple[str, ...] = Field(default=())


class Staging:
    """The folder of staged files; empty at the start."""

    def __init__(self, privacy_dir: Path) -> None:
        self._folder = privacy_dir / ERASING
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._count = 0

    def path(self) -> Path:
        """Return the path of a new staged file or folder."""
        self._count += 1
        return self._folder / f"{self._count:06d}"

    def replacement(self, data_dir: Path, target: Path, staged: Path | None) -> Replacement:
        """Return the replacement of a file by a staged one, which is flushed to disk."""
        name = str(target.relative_to(data_dir))
        if staged is None:
            return Replacement(target=name)
        sync_file(staged)
        size, sha256 = size_and_sha256(staged)
        return Replacement(
            target=name,
            staged=str(staged.relative_to(self._folder)),
            size=size,
            sha256=sha256,
        )

    def commit(self, plan: Plan) -> None:
        """Write the journal: from here on, the erasure is finished whatever happens."""
        for folder in [self._folder, *(path for path in self._folder.iterdir() if path.is_dir())]:
            sync_folder(folder)
        replace_json(self._folder / JOURNAL_FILE, plan.model_dump())


def unfinished(privacy_dir: Path) -> Plan | None:
    """Return the plan of an erasure whose journal was written and which is not finished."""
    try:
        text = (privacy_dir / ERASING / JOURNAL_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return Plan.model_validate_json(text)


def carry_out(data_dir: Path, privacy_dir: Path, plan: Plan, step: Step) -> None:
    """Put the staged files into place, and update records and ledgers; repeatable."""
    folder = privacy_dir / ERASING
    versions: dict[Path, dict[str, tuple[int, str]]] = {}
    for one in plan.replacements:
        target = data_dir / one.target
        step(f"replace {one.target}")
        _replace(folder / one.staged if one.staged else None, target, copied=one.is_copied)
        first, *parts = PurePosixPath(one.target).parts
        if first == PUBLISHED:  # <asset>/<version>/<file>
            version = data_dir.joinpath(first, *parts[:2])
            versions.setdefault(version, {})["/".join(parts[2:])] = (one.size, one.sha256)
    for version, files in versions.items():
        step(f"record {version.parent.name}/{version.name}")
        if version.is_dir():
            update_record(version, files)
    for rest in plan.remainders:
        step(f"ledger {rest.sha256}")
        Ledger(data_dir / rest.ledger).record_erasure(
            rest.sha256, rest.content_sha256, rest.records
        )


def finish(privacy_dir: Path) -> None:
    """Remove the journal and the staged files."""
    (privacy_dir / ERASING / JOURNAL_FILE).unlink(missing_ok=True)
    shutil.rmtree(privacy_dir / ERASING, ignore_errors=True)


def _replace(staged: Path | None, target: Path, *, copied: bool) -> None:
    if staged is None:
        target.unlink(missing_ok=True)
        return
    if not target.parent.is_dir():
        return  # a version that was removed since the journal was written
    draft = target.with_name(f"{DRAFT}{target.name}")
    draft.unlink(missing_ok=True)
    if copied:
        with _synced(draft) as file, staged.open("rb") as source:
            shutil.copyfileobj(source, file)
    else:
        try:
            os.link(staged, draft)  # files that shared their bytes share the new ones
        except OSError:  # another file system
            with _synced(draft) as file, staged.open("rb") as source:
                shutil.copyfileobj(source, file)
    # Spark refuses a file that differs from Hadoop's checksum beside it; without one, it reads it.
    target.with_name(f".{target.name}.crc").unlink(missing_ok=True)
    draft.replace(target)
    draft.unlink(missing_ok=True)  # a rename to another link of the same file does nothing
    sync_folder(target.parent)


@contextmanager
def _synced(path: Path) -> Iterator[BinaryIO]:
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
