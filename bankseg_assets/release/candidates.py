"""Candidates: releases with a newly fitted model, which a reviewer approves or declines.

A candidate is a version of the asset `release_candidate`: the document of the release that it would
be, and who made it. The newest is pending until it is decided. Approving makes it a release, in
one rename, which has the decision; declining writes one file. Interrupted, each was done or was
not, and may be repeated.
"""

import json
import uuid
from contextlib import AbstractContextManager
from pathlib import Path

from pydantic import ValidationError

from bankseg_assets.privacy.audit import AUDIT_FOLDER, Actor, Event, acting_as, note
from bankseg_assets.release.releases import (
    RELEASE,
    Approval,
    Manifest,
    Release,
    all_releases,
    current_release,
    next_serial,
    note_refusal,
    now,
)
from bankseg_assets.release.unreleased_versions import CANDIDATE, DECISIONS_FILE
from bankseg_assets.storage.documents import (
    Document,
    first_fault,
    read_document,
    replace_json,
    write_document,
)
from bankseg_assets.storage.exclusive_lock import held_alone
from bankseg_assets.storage.version_store import DamagedVersionError, VersionStore, damages

LOCK_FILE = ".approval.lock"
AUTOMATIC = "automatic"
"""How a maker is known that is not a person: a sensor or a schedule started the run."""
STARTED_BY_TAG, KNOWN_BY_TAG = "bankseg/started_by", "bankseg/known_by"
"""Tags of a run that was started in the app: who, and how the name is known."""
MAX_REASON = 500  # characters


class ApprovalError(RuntimeError):
    """Raised for a decision that cannot be made; the message says why and what to do."""


class Maker(Document):
    """Who started the run that fitted the model; `known_by`: as of an `audit.Actor`."""

    name: str
    known_by: str


class CandidateDocument(Document):
    """The document of a candidate; `compared_with`: the release in use when it was made."""

    manifest: Manifest
    made_by: Maker
    compared_with: str = ""


class Candidate(CandidateDocument):
    """A candidate in the folder of the version store."""

    name: str
    folder: Path

    @property
    def release(self) -> Release:
        """The release that the candidate would be, to read its tables and model."""
        found = self.manifest.model_dump() | {"name": self.name, "folder": self.folder}
        return Release.model_validate(found)


class Decision(Document):
    """A decision on a candidate; `at`: UTC."""

    candidate: str
    is_approved: bool
    by: str
    known_by: str
    at: str
    reason: str


def needs_approval(before: Release | None, manifest: Manifest) -> bool:
    """Return whether a release has another model than the one in use.

    Demo data need no approval, also as the release in use: its model was approved by no one.
    """
    if manifest.is_demo:
        return False
    fitted = manifest.model.version if manifest.model else manifest.run_id
    return before is None or before.is_demo or before.fit.version != fitted


def submit(store: VersionStore, manifest: Manifest, made_by: Actor, before: Release | None) -> str:
    """Make a candidate, which replaces an undecided one; return its name."""
    document = CandidateDocument(
        manifest=manifest,
        made_by=Maker(name=made_by.name, known_by=made_by.known_by),
        compared_with=before.name if before else "",
    )
    with store.draft(CANDIDATE, manifest.run_id, manifest.versions) as draft:
        write_document(draft.path, document.model_dump())
    store.prune(CANDIDATE)
    assert draft.version is not None
    return draft.version.name


def pending(published_dir: Path) -> Candidate | None:
    """Return the candidate that awaits a decision, if any. Raises ApprovalError if damaged."""
    folders = VersionStore(published_dir).versions(CANDIDATE)
    if not folders:
        return None
    found = _read(folders[-1])
    decided = {one.candidate for one in decisions(published_dir)}
    decided |= {one.approval.candidate for one in all_releases(published_dir) if one.approval}
    return None if found.name in decided else found


def awaiting(published_dir: Path) -> Candidate | None:
    """Return the candidate that awaits a decision, to mention it; None if it cannot be read."""
    try:
        return pending(published_dir)
    except ApprovalError:
        return None


def approve(store: VersionStore, who: Actor, reason: str, name: str = "") -> Release:
    """Release the pending candidate; `name`: of the candidate that was reviewed, or its beginning.

    A run in progress loses its right to publish, as with a rollback. Raises ApprovalError.
    """
    with _decision(store.folder):
        found = _to_decide(store.folder, who, reason, name)
        gone = [one for one in found.release.versions if not found.release.path(one).is_dir()]
        if gone:
            raise ApprovalError(
                f"Candidate {found.name} cannot be released: {', '.join(gone)} was removed. Fit "
                "the model again: `make materialize REFIT=1`."
            )
        newest = current_release(store.folder)
        approval = Approval(
            candidate=found.name,
            by=who.name,
            known_by=who.known_by,
            at=now(),
            reason=reason.strip(),
            made_by=found.made_by.name,
        )
        manifest = found.manifest.model_copy(
            update={
                "serial": next_serial(newest),
                "created_at": approval.at,
                "note": f"Approved by {who.name}: {approval.reason}",
                "approval": approval,
            }
        )
        run = f"approval-{uuid.uuid4()}"
        with store.draft(RELEASE, run, found.manifest.versions) as draft:
            write_document(draft.path, manifest.model_dump())
        _record(store.folder, found, who, reason, is_approved=True)
        note_refusal(store.folder, None)
        released = current_release(store.folder)
        assert released is not None
        return released


def decline(store: VersionStore, who: Actor, reason: str, name: str = "") -> Candidate:
    """Decline the pending candidate: the model in use stays. Raises ApprovalError."""
    with _decision(store.folder):
        found = _to_decide(store.folder, who, reason, name)
        _record(store.folder, found, who, reason, is_approved=False)
        return found


def decisions(published_dir: Path) -> list[Decision]:
    """Return the decisions on candidates, oldest first. Raises ApprovalError if damaged."""
    path = published_dir / DECISIONS_FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["decisions"]
        return [Decision.model_validate(one) for one in found]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ApprovalError(
            f"{path} cannot be read ({error}). Restore it from a backup."
        ) from error


def _record(
    published_dir: Path, found: Candidate, who: Actor, reason: str, *, is_approved: bool
) -> None:
    """Record a decision in its file and in the audit log."""
    decision = Decision(
        candidate=found.name,
        is_approved=is_approved,
        by=who.name,
        known_by=who.known_by,
        at=now(),
        reason=reason.strip(),
    )
    every = [one.model_dump() for one in (*decisions(published_dir), decision)]
    replace_json(published_dir / DECISIONS_FILE, {"decisions": every})
    event = Event(
        "approve" if is_approved else "decline",
        on=found.name,
        why=decision.reason,
        result="released" if is_approved else "not released",
        details={"made by": found.made_by.name},
    )
    with acting_as(who):
        note(published_dir.parent / AUDIT_FOLDER, event)


def _to_decide(published_dir: Path, who: Actor, reason: str, name: str) -> Candidate:
    """Return the pending candidate if this person may decide on it; raises ApprovalError."""
    found = pending(published_dir)
    if found is None:
        raise ApprovalError(
            "No candidate awaits a decision. `bankseg rollback --list` lists releases."
        )
    if not found.name.startswith(name):
        raise ApprovalError(
            f"Candidate {name} is not the one that awaits a decision; {found.name} replaced it. "
            "Review that one."
        )
    if found.made_by.known_by != AUTOMATIC and found.made_by.name == who.name:
        raise ApprovalError(
            f"{who.name!r} started the run that fitted this model, so someone else must decide. "
            "Without roles, app and command line know the operating system's user only: set roles "
            "up (docs/how-to/roles.md)."
        )
    if not reason.strip() or len(reason) > MAX_REASON:
        raise ApprovalError(
            f"Give a reason of 1 to {MAX_REASON} characters, without customer data; found "
            f"{len(reason.strip())}."
        )
    return found


def _decision(published_dir: Path) -> AbstractContextManager[None]:
    """Let one decision be made at a time."""
    return held_alone(published_dir / LOCK_FILE)


def _read(folder: Path) -> Candidate:
    try:
        for sentence in damages(folder).values():
            raise ApprovalError(f"{sentence} Fit the model again: `make materialize REFIT=1`.")
        found = read_document(folder)
        return Candidate.model_validate(
            found | {"name": folder.name, "folder": folder.parent.parent}
        )
    except ValidationError as error:
        raise ApprovalError(f"{folder}: {first_fault(error)}.") from error
    except (DamagedVersionError, OSError, ValueError, TypeError) as error:
        raise ApprovalError(f"{folder} cannot be read: {error}") from error
