"""Releases: consistent sets of data and model versions; readers see nothing else.

A release is a version of the asset `release`: a document that names a version of every asset.
Releases are append-only, so there is no pointer that could be torn; the newest is in use. A
rollback is a new release that names older versions. Standard library only: the app and the command
line import it cheaply.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bankseg_assets.storage.atomic_file import atomic_file
from bankseg_assets.storage.version_store import (
    DamagedVersionError,
    VersionStore,
    damages,
    json_bytes,
    version_record,
    write_json,
)

RELEASE = "release"
MANIFEST_FILE = "model.json"
REFUSAL_FILE = "refused.json"
FORMAT = 1
PROMOTION = "promotion"
ROLLBACK = "rollback"


class ReleaseError(RuntimeError):
    """Raised when a release cannot be made or found; the message says why and what to do."""


@dataclass(frozen=True)
class Release:
    """A consistent set of versions: `versions` is asset -> name of its version."""

    name: str
    folder: Path
    kind: str
    note: str
    created_at: str
    run_id: str
    is_demo: bool
    versions: Mapping[str, str]
    model_sha256: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    distributions: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    """Measure -> bin -> customers, to measure drift (see `release.drift`)."""
    customer_key: str = ""
    """The contract's SQL for the customer key; empty in releases older than this field."""
    gates: tuple[Mapping[str, Any], ...] = ()
    """Results of the gates at promotion: name, verdict, sentence, numbers."""
    currency: str = ""
    number_format: str = "plain"
    warnings: tuple[str, ...] = ()
    """Warnings of the model and of gates, a sentence each."""
    deliveries: tuple[Mapping[str, Any], ...] = ()
    """Outcome of each file that was new since the previous release: see `row_counts.Account`."""

    def path(self, asset: str) -> Path:
        """Return the folder of this release's version of an asset."""
        return self.folder / asset / self.versions[asset]

    def files(self, asset: str) -> list[Path]:
        """Return the files of an asset's version, as recorded when it was written.

        Not by listing the folder: if a version is removed while a slow reader uses it, the reader
        must get an error (DamagedVersionError here, FileNotFoundError when it opens a file), not an
        empty table.
        """
        folder = self.path(asset)
        names = version_record(folder)["files"]
        return [folder / name for name in sorted(names) if not Path(name).name.startswith("_")]


_RECORDED = Release.__dataclass_fields__.keys() - {"name", "folder", "distributions"}


@dataclass(frozen=True)
class Refusal:
    """A candidate that was not promoted, with the reasons."""

    run_id: str
    at: str
    reasons: tuple[str, ...]
    """A sentence for each gate that refused, with the next step."""
    warnings: tuple[str, ...] = ()
    deliveries: tuple[Mapping[str, Any], ...] = ()
    """As in a release."""


def all_releases(published_dir: Path) -> list[Release]:
    """Return all readable releases, oldest first."""
    found = (_read(folder) for folder in VersionStore(published_dir).versions(RELEASE))
    return [release for release in found if release is not None]


def current_release(published_dir: Path) -> Release | None:
    """Return the newest readable release; None if there is none."""
    for folder in reversed(VersionStore(published_dir).versions(RELEASE)):
        release = _read(folder)
        if release is not None:
            return release
    return None


def closure(published_dir: Path, roots: Mapping[str, str]) -> dict[str, str]:
    """Return asset -> version of `roots` and of everything upstream of them.

    Raises ReleaseError when two of them depend on different versions of the same asset.
    """
    found = dict(roots)
    origin = dict.fromkeys(roots, "this release")
    pending = list(roots.items())
    while pending:
        asset, version = pending.pop()
        for upstream, used in version_record(published_dir / asset / version)["inputs"].items():
            if upstream not in found:
                found[upstream], origin[upstream] = used, asset
                pending.append((upstream, used))
            elif found[upstream] != used:
                raise ReleaseError(
                    f"{asset} was made from {upstream} {used}, and {origin[upstream]} from "
                    f"{found[upstream]}: they do not belong together. Materialize both in one run."
                )
    return dict(sorted(found.items()))


def roll_back(store: VersionStore, to: str = "", note: str = "") -> Release:
    """Promote the previous release, or the one named `to`, again.

    A run in progress loses its right to publish. Raises ReleaseError if there is no such release,
    or when a version that it names was removed.
    """
    releases = all_releases(store.folder)
    wanted = _find(releases, to)
    gone = [asset for asset in wanted.versions if not wanted.path(asset).is_dir()]
    if gone:
        raise ReleaseError(f"Release {wanted.name} cannot return: {', '.join(gone)} was removed.")
    manifest = json.loads(
        (store.folder / RELEASE / wanted.name / MANIFEST_FILE).read_text(encoding="utf-8")
    )
    manifest |= {
        "kind": ROLLBACK,
        "note": note or f"Back to {wanted.name}, by the operator.",
        "created_at": now(),
    }
    with store.draft(RELEASE, f"{ROLLBACK}-{uuid.uuid4()}", wanted.versions) as draft:
        write_json(draft.path / MANIFEST_FILE, manifest)
    found = current_release(store.folder)
    assert found is not None
    return found


def prune(store: VersionStore, assets: Iterable[str]) -> None:
    """Remove old versions, except those that one of the last releases names."""
    releases = all_releases(store.folder)[-store.keep :]
    for asset in assets:
        in_use = {release.versions[asset] for release in releases if asset in release.versions}
        store.prune(asset, in_use)


def refusal(published_dir: Path) -> Refusal | None:
    """Return the newest refusal since the current release, if any."""
    try:
        found = json.loads((published_dir / REFUSAL_FILE).read_text(encoding="utf-8"))
        return Refusal(
            found["run_id"],
            found["at"],
            tuple(found["reasons"]),
            tuple(found.get("warnings", ())),
            tuple(found.get("deliveries", ())),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def note_refusal(published_dir: Path, found: Refusal | None) -> None:
    """Record that a candidate was refused; None clears the record."""
    path = published_dir / REFUSAL_FILE
    if found is None:
        path.unlink(missing_ok=True)
        return
    with atomic_file(path) as file:
        file.write(json_bytes(asdict(found)))


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _find(releases: list[Release], to: str) -> Release:
    if to:
        matching = [release for release in releases if release.name.startswith(to)]
        if len(matching) != 1:
            known = ", ".join(release.name for release in releases) or "none"
            raise ReleaseError(f"{len(matching)} releases are named {to}…; there are: {known}.")
        return matching[0]
    # Relative to the release whose versions are in use: rolling back twice goes back two.
    promotions = [release for release in releases if release.kind == PROMOTION]
    current = releases[-1].versions if releases else {}
    places = [at for at, release in enumerate(promotions) if release.versions == current]
    if not places or places[-1] == 0:
        raise ReleaseError("There is no earlier release to go back to.")
    return promotions[places[-1] - 1]


def _read(folder: Path) -> Release | None:
    try:
        # A flipped digit leaves valid JSON that names another version than was released.
        if damages(folder):
            return None
        found: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        if found.pop("format") != FORMAT:
            return None
        bins = {
            measure: {int(number): int(count) for number, count in counts.items()}
            for measure, counts in found.pop("distributions").items()
        }
        for name in ("gates", "warnings", "deliveries"):
            found[name] = tuple(found.get(name, ()))
        # Unknown fields of a newer build are ignored, so that the release can still be served.
        known = {name: value for name, value in found.items() if name in _RECORDED}
        return Release(name=folder.name, folder=folder.parent.parent, distributions=bins, **known)
    except (DamagedVersionError, OSError, ValueError, TypeError, KeyError, AttributeError):
        return None  # removed meanwhile, or damaged: the previous one is served
