"""Results of the weekly comparison of clustering algorithms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from bankseg_assets.presentation.formatting import percent
from bankseg_assets.release.releases import Release
from bankseg_assets.storage.documents import read_document
from bankseg_assets.storage.version_store import DamagedVersionError, VersionStore, version_record

ASSET = "segmentation_comparison"


@dataclass(frozen=True)
class Comparison:
    """Rows and verdict; `inputs`: asset -> version that they were computed from."""

    rows: Sequence[Mapping[str, Any]]
    verdict: str
    made: datetime
    inputs: Mapping[str, str]

    def provenance(self, release: Release) -> str:
        """Return when it was computed and whether from the data of the release."""
        same = {
            asset
            for asset, version in self.inputs.items()
            if release.versions.get(asset) == version
        }
        made = f"Made on {self.made:%-d %B %Y} at {self.made:%H:%M} UTC, "
        if same == self.inputs.keys():
            return made + "from the customers and the model of this version."
        if "rfm_table" in same:
            return made + "from the customers of this version and another model."
        return (
            made + "from other data than this version: run the job `comparison` to compare on the "
            "newest data."
        )


def newest_comparison(published_dir: Path) -> Comparison | None:
    """Return the newest readable comparison; None if there is none.

    It has its own job and is not part of a release.
    """
    for folder in reversed(VersionStore(published_dir).versions(ASSET)):
        try:
            found = read_document(folder)
            return Comparison(
                rows=found["rows"],
                verdict=found["verdict"],
                made=_created_at(folder),
                inputs=version_record(folder).inputs,
            )
        except (OSError, ValueError, KeyError, DamagedVersionError):
            continue  # removed in the meantime, or damaged
    return None


def as_table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a row per algorithm; the first is the default."""
    return pd.DataFrame(
        [
            {
                "Algorithm": f"{row['algorithm']}, {row['space']}"
                + (" (the default)" if place == 0 else ""),
                "Silhouette, Euclidean": f"{row['silhouette_euclidean']:z.3f}",
                "Smallest segment": percent(row["smallest_share"]),
                "Largest segment": percent(row["largest_share"]),
                "Naive Bayes F1 (macro)": f"{row['f1_macro']:.3f}",
                "Stability (ARI)": f"{row['stability']:z.3f}",
            }
            for place, row in enumerate(rows)
        ]
    )


def _created_at(version: Path) -> datetime:
    time = version.name.split("-")[1]
    return datetime.strptime(time, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
