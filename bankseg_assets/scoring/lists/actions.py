"""Read the recommended action of each segment from a release."""

import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.storage.version_store import DamagedVersionError

ACTIONS = "recommended_actions"


def read_actions(release: Release) -> dict[int, str]:
    """Return segment -> action; empty for a release without actions. Raises ListError."""
    if ACTIONS not in release.versions:
        return {}
    found: dict[int, str] = {}
    try:
        for file in release.files(ACTIONS):
            table = pq.read_table(file, columns=["segment", "action"])
            found |= zip(*(column.to_pylist() for column in table.columns), strict=True)
    except (DamagedVersionError, OSError, pa.ArrowException) as error:
        raise ListError(
            f"The {ACTIONS} of the release {release.name} cannot be read. Materialize again, or "
            "go back with `bankseg rollback`."
        ) from error
    return found
