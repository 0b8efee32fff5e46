"""The document of a release on its forecasts: how they are made, and how they did in their test."""

from typing import Any

from bankseg_assets.release.releases import Release
from bankseg_assets.storage.documents import read_document

VALUE_MODEL = "value_model"


def value_document(release: Release) -> dict[str, Any]:
    """Return the document; empty if the release has none, or if it cannot be read."""
    if VALUE_MODEL not in release.versions:
        return {}
    try:
        return read_document(release.path(VALUE_MODEL))
    except (OSError, ValueError):
        return {}


def forecast_notes(release: Release) -> list[str]:
    """Return the sentences on the forecasts of a release."""
    return [str(note) for note in value_document(release).get("notes", ())]
