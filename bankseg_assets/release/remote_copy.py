"""Copy releases to and from object storage (s3, gs, abfs), HDFS, or another disk.

The layout is that of the published folder. No rename is needed, which object storage lacks: a
version never changes, its `_version.json` is written last and marks it complete, and that of a
release is written after those of everything that it names. An interrupted copy is not a release,
and the next copy continues where it stopped.
"""

import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qsl, urlsplit

from pyarrow import fs

from bankseg_assets.release.releases import RELEASE, current_release, prune
from bankseg_assets.storage.documents import DOCUMENT_FILE
from bankseg_assets.storage.fsync import sync_file, sync_folder
from bankseg_assets.storage.version_store import (
    RECORD_FILE,
    WRITERS_FILE,
    VersionStore,
    is_version,
    verify,
    version_record,
)

ARRIVING = ".arriving"
"""Folder of fetched versions until they are verified; leftovers of killed fetches are removed."""

_PART = ".part"
_SECRET = ("key", "secret", "token", "password", "sig")
_WITH_FOLDERS = {"local", "hdfs"}


class MirrorError(RuntimeError):
    """Raised when a release cannot be copied; the message says why and what to do."""


@dataclass(frozen=True)
class Copied:
    """The release that is at the target now, and how much of it was copied."""

    release: str
    versions: int
    n_bytes: int


def export(published_dir: Path, url: str, only: Collection[str] = ()) -> Copied:
    """Copy the release in use to a URL; `only` limits the assets, if any are named.

    Raises MirrorError, DamagedVersionError when a file is not what was written, and OSError.
    """
    release = current_release(published_dir)
    if release is None:
        raise MirrorError("There is no release to copy. Run the job `refresh` first.")
    there = RemoteStore(url)
    sizes = []
    for asset, version in [*_wanted(release.versions, only), (RELEASE, release.name)]:
        if there.holds(asset, version):
            continue
        folder = published_dir / asset / version
        verify(folder)
        names = [*sorted(version_record(folder).files), RECORD_FILE]
        for name in names:
            there.put(folder / name, asset, version, name)
        sizes.append(_size(folder, names))
    return Copied(release.name, len(sizes), sum(sizes))


def fetch(url: str, store: VersionStore, only: Collection[str] = ()) -> Copied:
    """Copy the newest release at a URL, or the assets of it that exist there, to a published
    folder.

    Every file is verified by its recorded SHA-256 before readers can see it. Raises MirrorError,
    DamagedVersionError when a file differs from what was written, and OSError.
    """
    if (store.folder / WRITERS_FILE).exists():
        raise MirrorError(
            f"{store.folder} already has its own releases, which must not be mixed with others. "
            "Set another data folder in BANKSEG_DATA_DIR."
        )
    there = RemoteStore(url)
    name = there.newest_release()
    versions = json.loads(there.read(RELEASE, name, DOCUMENT_FILE))["versions"]
    wanted = [pair for pair in _wanted(versions, only) if there.holds(*pair)]
    arriving = store.folder / ARRIVING
    sizes = []
    for asset, version in [*wanted, (RELEASE, name)]:
        target = store.folder / _plain(asset, version)
        if target.is_dir():
            continue
        shutil.rmtree(arriving, ignore_errors=True)
        there.get(asset, version, arriving)
        target.parent.mkdir(exist_ok=True)
        arriving.rename(target)
        sync_folder(target.parent)
        sizes.append(_size(target, version_record(target).files))
    prune(store, [*versions, RELEASE])
    return Copied(name, len(sizes), sum(sizes))


class RemoteStore:
    """The version store at a URL."""

    def __init__(self, url: str) -> None:
        self._files, self._root = _connect(url)

    def holds(self, asset: str, version: str) -> bool:
        """Whether a complete version exists."""
        record = self._path(asset, version, RECORD_FILE)
        return bool(self._files.get_file_info(record).type == fs.FileType.File)

    def newest_release(self) -> str:
        """Return the name of the newest complete release."""
        selector = fs.FileSelector(self._path(RELEASE), allow_not_found=True)
        names = (found.base_name for found in self._files.get_file_info(selector))
        for name in sorted(names, reverse=True):
            if self.holds(RELEASE, name):
                return str(name)
        raise MirrorError("There is no release at this URL. Copy one there: `bankseg export URL`.")

    def read(self, *names: str) -> bytes:
        """Return the content of a small file."""
        with self._files.open_input_stream(self._path(*names)) as file:
            return bytes(file.read())

    def versions(self) -> list[tuple[str, str]]:
        """Return (asset, version) of every complete version."""
        found = []
        for asset in self._names():
            names = self._names(asset)
            found += [(asset, version) for version in names if self.holds(asset, version)]
        return found

    def remove_incomplete(self) -> int:
        """Remove what interrupted copies left; return how many files.

        They are parts of files, and versions without their record. Nothing else is touched: others
        may keep their files at the same URL.
        """
        removed = 0
        for asset in self._names():
            for version in filter(is_version, self._names(asset)):
                is_complete = self.holds(asset, version)
                selector = fs.FileSelector(self._path(asset, version), recursive=True)
                for found in self._files.get_file_info(selector):
                    is_kept = is_complete and not found.path.endswith(_PART)
                    if found.type == fs.FileType.File and not is_kept:
                        self._files.delete_file(found.path)
                        removed += 1
        return removed

    def _names(self, *folder: str) -> list[str]:
        selector = fs.FileSelector(self._path(*folder), allow_not_found=True)
        found = self._files.get_file_info(selector)
        return sorted(str(one.base_name) for one in found if one.type == fs.FileType.Directory)

    def put(self, source: Path, *names: str) -> None:
        """Upload a local file atomically."""
        target = self._path(*names)
        if self._files.type_name not in _WITH_FOLDERS:
            self._copy(source, target)  # an object appears once its upload is complete
            return
        self._files.create_dir(target.rpartition("/")[0])
        self._copy(source, f"{target}{_PART}")
        self._files.move(f"{target}{_PART}", target)

    def get(self, asset: str, version: str, folder: Path) -> None:
        """Download a version to a new local folder, verify and flush it."""
        folder.mkdir(parents=True)
        for name in [RECORD_FILE, *json.loads(self.read(asset, version, RECORD_FILE))["files"]]:
            target = folder / _plain(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            here = fs.LocalFileSystem()
            fs.copy_files(self._path(asset, version, name), str(target), self._files, here)
            sync_file(target)
        sync_folder(folder)
        verify(folder)

    def _copy(self, source: Path, target: str) -> None:
        fs.copy_files(str(source), target, fs.LocalFileSystem(), self._files)

    def _path(self, *names: str) -> str:
        return f"{self._root}/{_plain(*names)}" if names else self._root


def without_secrets(url: str) -> str:
    """Return a URL that may be recorded. Raises MirrorError if it contains a secret."""
    parts = urlsplit(url)
    named = [name.lower() for name, _ in parse_qsl(parts.query)]
    if parts.password or any(secret in name for name in named for secret in _SECRET):
        raise MirrorError(
            "The URL contains a secret, and other users can see command lines. "
            "Set it in the environment (AWS_…, GOOGLE_…, AZURE_…) or use the machine's role."
        )
    return url


def _connect(url: str) -> tuple[fs.FileSystem, str]:
    without_secrets(url)
    try:
        files, root = fs.FileSystem.from_uri(url.replace("s3a://", "s3://", 1))
    except ValueError as error:
        raise MirrorError(f"{url} cannot be used as a target: {error}.") from error
    return files, root.rstrip("/")


def _wanted(versions: Mapping[str, str], only: Collection[str]) -> list[tuple[str, str]]:
    if unknown := sorted(set(only) - set(versions)):
        raise MirrorError(f"The release has no {unknown}; it has {sorted(versions)}.")
    return [pair for pair in sorted(versions.items()) if not only or pair[0] in only]


def _plain(*names: str) -> str:
    """Join names to a relative path without `..`, because they come from downloaded documents."""
    path = PurePosixPath(*names)
    if path.is_absolute() or ".." in path.parts:
        raise MirrorError(f"{path} is not a valid file name in a version; nothing was copied.")
    return str(path)


def _size(folder: Path, names: Collection[str]) -> int:
    return sum((folder / name).stat().st_size for name in names)
