"""Releases: consistent sets of data and model versions; readers see nothing else.

A release is a version of the asset `release`: a document that names a version of every asset.
Releases are append-only, so there is no pointer that could be torn; the newest is in use. A
rollback is a new release that names older versions. Without Spark or Arrow: the app and the command
line import it cheaply.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic import Field, ValidationError

from bankseg_assets.presentation.formatting import PLAIN
from bankseg_assets.release.unreleased_versions import candidate_versions
from bankseg_assets.storage.documents import (
    DOCUMENT_FILE,
    Document,
    first_fault,
    read_document,
    replace_json,
    write_document,
)
from bankseg_assets.storage.version_store import (
    DamagedVersionError,
    VersionStore,
    damages,
    version_record,
)

RELEASE = "release"
REFUSAL_FILE = "refused.json"
FORMAT = 1
PROMOTION = "promotion"
ROLLBACK = "rollback"


class ReleaseError(RuntimeError):
    """Raised when a release cannot be made or found; the message says why and what to do."""


class GateRecord(Document):
    """The result of a gate, as a release recorded it: see `gates.Gate`."""

    name: str
    verdict: str
    sentence: str = ""
    advice: str = ""
    numbers: dict[str, float] = Field(default_factory=dict)


class DeliveryOutcome(Document):
    """Outcome of a file that was new since the previous release: see `row_counts.Account`."""

    file_name: str
    sha256: str
    rows_in: int
    rows_clean: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0
    reasons: dict[str, int] = Field(default_factory=dict)


class ModelFit(Document):
    """When a model was fitted, on which customers, and how good it was then.

    version: the run that fitted it. fitted_at: UTC. snapshot_date: of those customers. metrics,
    distributions: as those of a release. features_named: those that the contract named, none if
    they were chosen from the data.
    """

    version: str
    fitted_at: str
    snapshot_date: str = ""
    metrics: dict[str, bool | int | float | None] = Field(default_factory=dict)
    distributions: dict[str, dict[int, int]] = Field(default_factory=dict)
    features_named: tuple[str, ...] | None = None


class Approval(Document):
    """A reviewer's decision for a candidate; `at`: UTC. `made_by`: who fitted the model."""

    candidate: str
    by: str
    known_by: str
    at: str
    reason: str
    made_by: str


class Manifest(Document):
    """The document of a release. A field with a default is absent in older releases."""

    format: int = FORMAT
    serial: int = 0
    """1 for the first release, then one more for each; 0 in older releases."""
    kind: str
    note: str
    created_at: str
    run_id: str
    is_demo: bool
    versions: dict[str, str]
    """Asset -> name of its version."""
    model_sha256: str
    model: ModelFit | None = None
    """The fit of the model; None in older releases, each of which fitted its model."""
    metrics: dict[str, bool | int | float | None] = Field(default_factory=dict)
    distributions: dict[str, dict[int, int]] = Field(default_factory=dict)
    """Measure -> bin -> customers, to measure drift (see `release.drift`)."""
    customer_key: str = ""
    """The contract's SQL for the customer key."""
    gates: tuple[GateRecord, ...] = ()
    currency: str = ""
    number_format: str = PLAIN
    warnings: tuple[str, ...] = ()
    """Warnings of the model and of gates, a sentence each."""
    deliveries: tuple[DeliveryOutcome, ...] = ()
    approval: Approval | None = None
    """Who approved the model, carried on by each release that uses it; None if not required."""


class Release(Manifest):
    """A consistent set of versions, in the folder of the version store."""

    name: str
    folder: Path

    @property
    def number(self) -> int:
        """The number of this version for people, from 1; 0 for data that is not released."""
        return self.serial or int(self.name.split("-")[0] or 0)

    @property
    def is_by_a_person(self) -> bool:
        """Whether no run released it: it is a rollback, or a candidate that was approved."""
        approved_now = self.approval is not None and self.approval.at == self.created_at
        return self.kind == ROLLBACK or approved_now

    @property
    def fit(self) -> ModelFit:
        """The fit of the model, which every release that uses the model carries on."""
        return self.model or ModelFit(
            version=self.run_id,
            fitted_at=self.created_at,
            metrics=self.metrics,
            distributions=self.distributions,
        )

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
        names = version_record(folder).files
        return [folder / name for name in sorted(names) if not Path(name).name.startswith("_")]

    def parquet_files(self, asset: str) -> list[Path]:
        """Return the Parquet files of a table's version; see `files`."""
        return [path for path in self.files(asset) if path.suffix == ".parquet"]


class Refusal(Document):
    """A candidate that was not promoted, with the reasons."""

    run_id: str
    at: str
    reasons: tuple[str, ...]
    """A sentence for each gate that refused, with the next step."""
    warnings: tuple[str, ...] = ()
    deliveries: tuple[DeliveryOutcome, ...] = ()
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
        for upstream, used in version_record(published_dir / asset / version).inputs.items():
            if upstream not in found:
                found[upstream], origin[upstream] = used, asset
                pending.append((upstream, used))
            elif found[upstream] != used:
                raise ReleaseError(
                    f"{asset} was made from {upstream} {used}, and {origin[upstream]} from "
                    f"{found[upstream]}: their versions differ. Materialize both in one run."
                )
    return dict(sorted(found.items()))


def roll_back(store: VersionStore, to: str = "", note: str = "") -> Release:
    """Promote the previous release, or the one named `to`, again.

    A run in progress loses its right to publish. Raises ReleaseError if there is no such release,
    or when a version that it names was removed.
    """
    releases = all_releases(store.folder)
    wanted = _find(store, releases, to) if to else _previous(releases)
    gone = [asset for asset in wanted.versions if not wanted.path(asset).is_dir()]
    if gone:
        raise ReleaseError(
            f"Release {wanted.name} cannot be restored: {', '.join(gone)} was removed."
        )
    # As it is on disk, with the fields that only a newer build knows.
    manifest = read_document(store.folder / RELEASE / wanted.name) | {
        "kind": ROLLBACK,
        "serial": next_serial(releases[-1]),
        "note": note or f"Rolled back to {wanted.name} by the operator.",
        "created_at": now(),
    }
    with store.draft(RELEASE, f"{ROLLBACK}-{uuid.uuid4()}", wanted.versions) as draft:
        write_document(draft.path, manifest)
    found = current_release(store.folder)
    assert found is not None
    return found


def next_serial(newest: Release | None) -> int:
    """Return the number of the release that follows the newest one."""
    return newest.number + 1 if newest else 1


def prune(store: VersionStore, assets: Iterable[str]) -> None:
    """Remove old versions, except those of the last releases and of an undecided candidate."""
    named = [one.versions for one in all_releases(store.folder)[-store.keep :]]
    named.append(candidate_versions(store))
    for asset in assets:
        in_use = {versions[asset] for versions in named if asset in versions}
        store.prune(asset, in_use)


def current_refusal(published_dir: Path) -> Refusal | None:
    """Return the newest refusal since the current release, if any."""
    try:
        found = json.loads((published_dir / REFUSAL_FILE).read_text(encoding="utf-8"))
        return Refusal.model_validate(found)
    except (OSError, ValueError):
        return None


def note_refusal(published_dir: Path, found: Refusal | None) -> None:
    """Record that a candidate was refused; None clears the record."""
    path = published_dir / REFUSAL_FILE
    if found is None:
        path.unlink(missing_ok=True)
        return
    replace_json(path, found.model_dump())


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_release(folder: Path) -> Release:
    """Return the release in a folder of the version store.

    Raises ReleaseError, which names file and field, when it is damaged or of a newer format.
    """
    file = folder / DOCUMENT_FILE
    try:
        # A flipped digit leaves valid JSON that names another version than was released.
        for sentence in damages(folder).values():
            raise ReleaseError(sentence)
        found = read_document(folder)
        if found.get("format") != FORMAT:
            raise ReleaseError(
                f"{file}: format is {found.get('format')!r}; this program reads {FORMAT}."
            )
        return Release.model_validate(found | {"name": folder.name, "folder": folder.parent.parent})
    except ValidationError as error:
        raise ReleaseError(f"{file}: {first_fault(error)}.") from error
    except (DamagedVersionError, OSError, ValueError, AttributeError) as error:
        raise ReleaseError(f"{file} cannot be read: {error}") from error


def _find(store: VersionStore, releases: list[Release], name: str) -> Release:
    """Return the one release whose name starts so; raises ReleaseError."""
    matching = [release for release in releases if release.name.startswith(name)]
    if len(matching) == 1:
        return matching[0]
    if not matching:
        for folder in store.versions(RELEASE):
            if folder.name.startswith(name):
                read_release(folder)  # raises: the error says what is wrong with it
    known = ", ".join(release.name for release in releases) or "none"
    raise ReleaseError(
        f"{len(matching)} releases have names that begin with {name}; available: {known}."
    )


def _previous(releases: list[Release]) -> Release:
    """Return the promotion before the one in use; raises ReleaseError."""
    # Relative to the release whose versions are in use: rolling back twice goes back two.
    promotions = [release for release in releases if release.kind == PROMOTION]
    current = releases[-1].versions if releases else {}
    places = [at for at, release in enumerate(promotions) if release.versions == current]
    if not places or places[-1] == 0:
        raise ReleaseError("There is no earlier release to roll back to.")
    return promotions[places[-1] - 1]


def _read(folder: Path) -> Release | None:
    try:
        return read_release(folder)
    except ReleaseError:
        return None  # removed meanwhile, or damaged: the previous one is served
