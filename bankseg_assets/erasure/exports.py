"""Copies of releases at URLs: which there are, and erasing customers from them."""

import json
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from shutil import rmtree

from bankseg_assets.release.remote_copy import MirrorError, RemoteStore
from bankseg_assets.storage.documents import replace_json
from bankseg_assets.storage.version_store import (
    RECORD_FILE,
    VersionRecord,
    size_and_sha256,
    update_record,
    version_record,
)

EXPORTS_FILE = "exports.json"
Shorten = Callable[[str, Path], Path | None]
"""Writes a table of an asset without the customers; None if it has none of them."""


def recorded_urls(privacy_dir: Path) -> list[str]:
    """Return the URLs to which a release was copied."""
    try:
        found = json.loads((privacy_dir / EXPORTS_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return sorted(found["urls"])


def record_url(privacy_dir: Path, url: str) -> None:
    """Record a URL before a release is copied there, so that erasures reach the copy."""
    urls = sorted({*recorded_urls(privacy_dir), url})
    replace_json(privacy_dir / EXPORTS_FILE, {"urls": urls})


def erase_all(
    urls: Iterable[str],
    published_dir: Path,
    write_without: Callable[[str, Path, Path], Path | None],
    folder: Path,
) -> dict[str, str]:
    """Remove the rows from the copies at URLs; return URL -> what was done.

    `write_without`: writes a table of an asset without the rows to a path. `folder`: for downloads,
    where they are removed if this process is killed.
    """
    return {url: _erased(url, published_dir, write_without, folder) for url in urls}


def _erased(
    url: str,
    published_dir: Path,
    write_without: Callable[[str, Path, Path], Path | None],
    folder: Path,
) -> str:
    number = count()
    folder.mkdir(parents=True, exist_ok=True)

    def shorten(asset: str, file: Path) -> Path | None:
        return write_without(asset, file, folder / f"{next(number)}")

    try:
        changed = erase_at(url, published_dir, shorten, folder)
    except (MirrorError, OSError, ValueError) as error:
        return f"not reached ({error}). Run the command again once it can be, or delete the copy"
    finally:
        rmtree(folder, ignore_errors=True)
    return f"{changed:,} files rewritten" if changed else "nothing to change"


def erase_at(url: str, published_dir: Path, shorten: Shorten, folder: Path) -> int:
    """Erase customers from the versions at a URL; return the number of files that changed.

    Versions that exist here as well are copied again where they differ; others are downloaded to
    `folder` and rewritten. The record of a version is written last. What an interrupted copy left
    is removed. Repeatable. Raises MirrorError and OSError.
    """
    there = RemoteStore(url)
    changed = there.remove_incomplete()
    for asset, version in there.versions():
        remote = VersionRecord.model_validate_json(there.read(asset, version, RECORD_FILE))
        here = published_dir / asset / version
        source = here
        if here.is_dir():
            record = version_record(here)
            files = {
                name: here / name
                for name, found in record.files.items()
                if remote.files.get(name) != found and (here / name).is_file()
            }
        else:
            source = folder / "version"
            rmtree(source, ignore_errors=True)
            files = _downloaded(there, asset, version, source, shorten)
        if not files:
            continue
        for name, path in files.items():
            there.put(path, asset, version, name)
        there.put(source / RECORD_FILE, asset, version, RECORD_FILE)
        changed += len(files)
    return changed


def _downloaded(
    there: RemoteStore, asset: str, version: str, folder: Path, shorten: Shorten
) -> dict[str, Path]:
    """Download a version, and return name -> table of those with the customers, without them."""
    names = json.loads(there.read(asset, version, RECORD_FILE))["files"]
    if not any(name.endswith(".parquet") for name in names):
        return {}
    there.get(asset, version, folder)
    found = {}
    for name in names:
        if not name.endswith(".parquet"):
            continue
        shortened = shorten(asset, folder / name)
        if shortened is not None:
            found[name] = shortened
    if found:
        update_record(folder, {name: size_and_sha256(path) for name, path in found.items()})
    return found
