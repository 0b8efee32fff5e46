"""Versions of an undecided candidate, which are kept like those of releases."""

import json
from pathlib import Path

from bankseg_assets.storage.documents import read_document
from bankseg_assets.storage.version_store import VersionStore

CANDIDATE = "release_candidate"
DECISIONS_FILE = "approval_decisions.json"


def candidate_versions(store: VersionStore) -> dict[str, str]:
    """Return asset -> version of the newest candidate; empty without one, or if it was decided."""
    folders = store.versions(CANDIDATE)
    if not folders or _is_decided(store.folder, folders[-1].name):
        return {}
    try:
        found: dict[str, str] = read_document(folders[-1])["manifest"]["versions"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found


def _is_decided(published_dir: Path, name: str) -> bool:
    try:
        found = json.loads((published_dir / DECISIONS_FILE).read_text(encoding="utf-8"))[
            "decisions"
        ]
        return any(one["candidate"] == name for one in found)
    except (OSError, ValueError, KeyError, TypeError):
        return False
