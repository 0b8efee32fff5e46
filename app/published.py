"""What Dagster recorded of the newest classifier, and the model behind that record."""

from dataclasses import dataclass
from pathlib import Path

from dagster import AssetKey, DagsterError, DagsterInstance
from sqlalchemy.exc import SQLAlchemyError

from bankseg_assets.scoring import Bundle, BundleError, load_bundle

CLASSIFIER = AssetKey("nb_classifier")


class RecordError(RuntimeError):
    """Dagster's record of the classifier cannot be used; the message says why."""


@dataclass(frozen=True)
class Publication:
    """A recorded classifier: where it is, and the content that it must have."""

    path: Path
    sha256: str


def open_instance(dagster_home: Path) -> DagsterInstance:
    """Open the Dagster instance of a folder that exists.

    Raises RecordError when it cannot be opened.
    """
    try:
        return DagsterInstance.from_config(str(dagster_home))
    except (DagsterError, SQLAlchemyError, OSError) as error:
        raise RecordError(
            f"Dagster's records in {dagster_home} cannot be opened: {error}"
        ) from error


def newest_publication(instance: DagsterInstance) -> Publication | None:
    """Return the newest recorded classifier; None before the first one.

    Raises RecordError when the record cannot be read or lacks the path or the hash.
    """
    try:
        event = instance.get_latest_materialization_event(CLASSIFIER)
    except (DagsterError, SQLAlchemyError, OSError) as error:
        raise RecordError(f"Dagster's records cannot be read: {error}") from error
    if event is None or event.asset_materialization is None:
        return None
    metadata = event.asset_materialization.metadata
    try:
        path, sha256 = metadata["model_path"].value, metadata["model_sha256"].value
    except KeyError as error:
        raise RecordError(f"The newest record of nb_classifier has no {error}.") from error
    return Publication(Path(str(path)), str(sha256))


def read_model(publication: Publication) -> Bundle:
    """Load the recorded model.

    Raises BundleError when it is gone, broken, or not the content that was recorded.
    """
    bundle = load_bundle(publication.path)
    if bundle.sha256 != publication.sha256:
        raise BundleError(
            f"The model in {publication.path} is not the one that Dagster recorded "
            "(its SHA-256 differs)."
        )
    return bundle
