"""Read the customers and the model of the release in use, to compare new ones with.

They are read by the versions in the release, because Dagster's inputs are the newest versions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.contracts.feature_catalogue import Feature
from bankseg_assets.release.releases import Release, current_release
from bankseg_assets.stats.arrays import Array
from bankseg_assets.storage.documents import read_document
from bankseg_assets.storage.version_store import DamagedVersionError, verify

CUSTOMERS = "customer_segments"
PCA = "pca_model"
KMEANS = "kmeans_model"
COMPARED_COLUMNS = ("customer_id", "segment", "snapshot_date", "monetary")
"""Columns that a comparison reads from both tables, besides the measures of the old model."""


class NothingToCompareError(LookupError):
    """Raised when there is no comparable earlier snapshot; the message says why."""


@dataclass(frozen=True)
class PreviousRelease:
    """The release in use: its table of customers, and the model that assigned their segments.

    d features, c components, k segments: mean, scale (d,); components (d, c); centroids (k, c) in
    standard deviations; names and colours (k,). shares (k,) and covariances (k, c, c): of a
    mixture, None otherwise.
    """

    release: str
    customers: tuple[Path, ...]
    features: tuple[Feature, ...]
    mean: list[float]
    scale: list[float]
    components: list[list[float]]
    centroids: Array
    shares: Array | None
    covariances: Array | None
    names: tuple[str, ...]
    colours: tuple[int, ...]

    @property
    def columns(self) -> list[str]:
        """The distinct columns of both tables that a comparison reads."""
        return list(
            dict.fromkeys([*COMPARED_COLUMNS, *(feature.measure for feature in self.features)])
        )


def read_previous_release(
    published_dir: Path, *, is_demo: bool, customer_key: str, customers: Path
) -> PreviousRelease:
    """Return the release in use if it is comparable with the new data.

    `customers`: the new version of the table of customers, whose columns the old one must have.
    Raises NothingToCompareError.
    """
    release = current_release(published_dir)
    if release is None:
        raise NothingToCompareError("This is the first release: there is no previous snapshot.")
    _require_same_customers(release, is_demo=is_demo, customer_key=customer_key)
    found = _read(release)
    _require_same_columns(found, customers)
    return found


def segment_colours(kmeans: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the colour numbers of a model's segments; by default their numbers, for older
    builds."""
    return tuple(kmeans.get("colours") or range(len(kmeans["names"])))


def _require_same_customers(release: Release, *, is_demo: bool, customer_key: str) -> None:
    if release.is_demo != is_demo:
        kinds = ("the bank's own data", "demo data")
        raise NothingToCompareError(
            f"The release in use has {kinds[release.is_demo]}, and this one has {kinds[is_demo]}."
        )
    if release.customer_key not in ("", customer_key):
        raise NothingToCompareError(
            f"The customer key is `{customer_key}`, but `{release.customer_key}` in the release "
            "in use."
        )


def _read(release: Release) -> PreviousRelease:
    try:
        for asset in (CUSTOMERS, PCA, KMEANS):
            verify(release.path(asset))
        pca, kmeans = (read_document(release.path(asset)) for asset in (PCA, KMEANS))
        return PreviousRelease(
            release=release.name,
            customers=tuple(release.files(CUSTOMERS)),
            features=tuple(Feature(**feature) for feature in pca["features"]),
            mean=pca["mean"],
            scale=pca["scale"],
            components=pca["components"],
            centroids=np.array(kmeans["centroids"], dtype=np.float64),
            shares=_array(kmeans.get("shares")),
            covariances=_array(kmeans.get("covariances")),
            names=tuple(kmeans["names"]),
            colours=segment_colours(kmeans),
        )
    except (DamagedVersionError, OSError) as error:
        raise NothingToCompareError(
            f"The release in use, {release.name}, is damaged: {error}"
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise NothingToCompareError(
            f"The release in use, {release.name}, holds no segments that can be read "
            f"({type(error).__name__}: {error})."
        ) from error


def _array(values: Any) -> Array | None:
    return None if values is None else np.array(values, dtype=np.float64)


def _require_same_columns(past: PreviousRelease, customers: Path) -> None:
    # Every file of a table has all its columns.
    then, now = (pq.read_schema(file) for file in (past.customers[0], _first_file(customers)))
    for name in past.columns:
        old, new = (_type(schema, name) for schema in (then, now))
        if not old or old != new:
            raise NothingToCompareError(
                f"The column {name} of {CUSTOMERS} was {old or 'not there'} in the release in use, "
                f"and is {new or 'not there'} now."
            )


def _type(schema: pa.Schema, name: str) -> str:
    return str(schema.field(name).type) if name in schema.names else ""


def _first_file(version: Path) -> Path:
    return min(version.glob("*.parquet"))
