"""List the readable releases and load the classifier of one."""

from dataclasses import replace
from pathlib import Path

from bankseg_assets.release.releases import Release, all_releases
from bankseg_assets.scoring.bundle import Bundle, BundleError, load_bundle
from bankseg_assets.scoring.documents import Segment
from bankseg_assets.scoring.observed import observed_ranges
from bankseg_assets.scoring.segment_names import named, read_names

CLASSIFIER = "nb_classifier"


def newest_first(published_dir: Path) -> list[Release]:
    """Return the releases, newest first; creates no folder."""
    return all_releases(published_dir)[::-1]


def read_model(release: Release) -> Bundle:
    """Load the classifier of a release, with the names that the bank gives to segments.

    Raises BundleError when it is missing, broken, or differs from the released content.
    """
    if CLASSIFIER not in release.versions:
        raise BundleError(f"The release {release.name} has no {CLASSIFIER}.")
    path = release.path(CLASSIFIER)
    bundle = load_bundle(path)
    if bundle.sha256 != release.model_sha256:
        raise BundleError(f"The model in {path} is not the released one (its SHA-256 differs).")
    observed = observed_ranges(release.distributions)
    bundle = replace(bundle, number_format=release.number_format, observed=observed)
    return named(bundle, read_names(release.folder))


def segments_of(release: Release) -> dict[int, Segment]:
    """Return number -> segment of a release, with the bank's names; empty if it has no model."""
    try:
        return {segment.segment: segment for segment in read_model(release).segments}
    except BundleError:
        return {}
