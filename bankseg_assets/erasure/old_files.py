"""Versions, logs and files that are older than their limit and not in use."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from bankseg_assets.campaigns.stored_campaigns import all_campaigns, members_file
from bankseg_assets.privacy.objections import newest_file, objection_files
from bankseg_assets.release.releases import all_releases
from bankseg_assets.release.unreleased_versions import candidate_versions
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.version_store import VersionStore, published_at

RELEASE = "release"


def old_versions(store: VersionStore, before: datetime) -> list[Path]:
    """Return the versions before a time that no release in use, later release or candidate names.

    The newest version of an asset stays: the next batch continues from it.
    """
    releases = all_releases(store.folder)
    kept = [one for one in releases if published_at(one.folder / RELEASE / one.name) >= before]
    in_use = {
        (asset, name) for one in [*releases[-1:], *kept] for asset, name in one.versions.items()
    }
    in_use |= {(RELEASE, one.name) for one in releases[-1:]}
    in_use |= set(candidate_versions(store).items())
    return [
        path
        for asset in store.assets()
        for path in store.older_than(asset, before, {name for of, name in in_use if of == asset})
    ]


def old_logs(settings: Settings, before: datetime) -> list[Path]:
    """Return the logs that were not written to since a time: of servers, batches and runs."""
    folders = (settings.logs_dir, *settings.dagster_home.glob("storage/*/compute_logs"))
    return [path for folder in folders for path in _unchanged(folder, before)]


def old_campaigns(settings: Settings, before: date) -> list[Path]:
    """Return the customers of campaigns that ended before a day; their results stay."""
    ended = (one for one in all_campaigns(settings.data_dir) if one.ends_on < before)
    files = (members_file(settings.data_dir, one) for one in ended)
    return [path for path in files if path.exists()]


def old_objections(settings: Settings, before: datetime) -> list[Path]:
    """Return the files of objections that a newer one has replaced."""
    newest = newest_file(settings.published_dir)
    found = objection_files(settings.published_dir) if newest else []
    return [path for path in found if path != newest and _modified(path) < before]


def _unchanged(folder: Path, before: datetime) -> Iterator[Path]:
    if folder.is_dir():
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and _modified(path) < before:
                yield path


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
