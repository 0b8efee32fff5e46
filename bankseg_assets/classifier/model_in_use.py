"""The models of the release in use, and whether they suit a new batch of customers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bankseg_assets.customers.customer_key import RFM_TABLE
from bankseg_assets.release.releases import Release, current_release
from bankseg_assets.scoring.bundle import BundleError, load_bundle
from bankseg_assets.scoring.documents import BundleDocument
from bankseg_assets.segmentation.kmeans import KMeansModel
from bankseg_assets.segmentation.pca import PcaModel
from bankseg_assets.storage.documents import read_document
from bankseg_assets.storage.version_store import version_basis

PCA, KMEANS, CLASSIFIER = "pca_model", "kmeans_model", "nb_classifier"


class NoModelInUseError(LookupError):
    """Raised when no released model suits the customers; the message says why."""


@dataclass(frozen=True)
class CustomerBasis:
    """What decides the measures of the customers: a model fits only customers of the same basis.

    features: those that the contract names, none if they are chosen from the data. rfm_table: the
    version of their table, which records the rules that it was computed by.
    """

    is_demo: bool
    customer_key: str
    currency: str
    direction_known: bool
    features: tuple[str, ...]
    rfm_table: Path


@dataclass(frozen=True)
class ModelInUse:
    """The models of a release, as documents and parsed."""

    release: str
    pca_document: Mapping[str, Any]
    pca: PcaModel
    kmeans: KMeansModel
    bundle: BundleDocument

    def has_pca(self, document: Mapping[str, Any]) -> bool:
        """Return whether a PCA model is the one in use."""
        return dict(document) == dict(self.pca_document)


def model_in_use(published_dir: Path, basis: CustomerBasis) -> ModelInUse:
    """Return the models of the release in use, if they suit customers of this basis.

    Raises NoModelInUseError.
    """
    release = current_release(published_dir)
    if release is None:
        raise NoModelInUseError("There is no release yet.")
    _require_same_basis(release, basis)
    try:
        pca, kmeans, classifier = (
            read_document(release.path(asset)) for asset in (PCA, KMEANS, CLASSIFIER)
        )
        load_bundle(release.path(CLASSIFIER))  # verifies its hash
        found = ModelInUse(
            release.name,
            pca,
            PcaModel.from_json(pca),
            KMeansModel.from_json(kmeans),
            BundleDocument.model_validate(classifier),
        )
    except (BundleError, OSError, ValueError, KeyError, TypeError) as error:
        raise NoModelInUseError(
            f"The models of release {release.name} cannot be read ({error})."
        ) from error
    if found.bundle.direction_known != basis.direction_known:
        raise NoModelInUseError("The contract has another setting for the direction of amounts.")
    return found


def _require_same_basis(release: Release, basis: CustomerBasis) -> None:
    kinds = ("the bank's own data", "demo data")
    if release.is_demo != basis.is_demo:
        raise NoModelInUseError(
            f"The model in use was fitted on {kinds[release.is_demo]}, and this is "
            f"{kinds[basis.is_demo]}."
        )
    if release.customer_key not in ("", basis.customer_key):
        raise NoModelInUseError(f"The customer key was `{release.customer_key}`.")
    if release.currency not in ("", basis.currency):
        raise NoModelInUseError(f"Money was in {release.currency}.")
    if release.fit.features_named not in (None, basis.features):
        raise NoModelInUseError("The contract names other features.")
    then, now = (_rules(table) for table in (release.path(RFM_TABLE), basis.rfm_table))
    if then != now:
        raise NoModelInUseError("The rules of the RFM table have changed.")


def _rules(rfm_table: Path) -> str:
    return str(version_basis(rfm_table).get("fingerprint", ""))
