"""The product recommender of the release in use, if it suits today's holdings and segments."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bankseg_assets.products.recommender import ProductModel
from bankseg_assets.release.releases import current_release
from bankseg_assets.segmentation.kmeans import KMeansModel
from bankseg_assets.storage.documents import read_document

RECOMMENDER, KMEANS = "recommendation_model", "kmeans_model"


@dataclass(frozen=True)
class RecommenderInUse:
    """The recommender of a release, as a document and parsed."""

    release: str
    document: Mapping[str, Any]
    model: ProductModel


def recommender_in_use(
    published_dir: Path, *, holdings: str, kmeans: Path
) -> RecommenderInUse | None:
    """Return the recommender in use; None if it is of other holdings or segments, or unreadable.

    holdings: the SHA-256 of the file in use. kmeans: the version whose segments the customers have;
    the shares of a product are by segment.
    """
    release = current_release(published_dir)
    if release is None or not holdings:
        return None
    try:
        document = read_document(release.path(RECOMMENDER))
        then, now = (
            KMeansModel.from_json(read_document(version))
            for version in (release.path(KMEANS), kmeans)
        )
        if document.get("holdings") != holdings or document["model"] is None:
            return None
        if not then.divides_as(now):
            return None
        return RecommenderInUse(release.name, document, ProductModel.from_json(document["model"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
