"""Apply the k-means model in use to today's customers, without refitting it."""

from dataclasses import replace

import numpy as np
from pyspark.sql import DataFrame

from bankseg_assets.segmentation.continuity import kept_names, match
from bankseg_assets.segmentation.kmeans import KMeansModel, measure_segments
from bankseg_assets.segmentation.naming_facts import naming_facts
from bankseg_assets.segmentation.pca import PcaModel
from bankseg_assets.segmentation.segment_words import WORDINGS


class EmptySegmentError(ValueError):
    """Raised when no customer belongs to a segment any more; the message names the segment."""


def refresh_kmeans(rfm: DataFrame, pca: PcaModel, in_use: KMeansModel) -> KMeansModel:
    """Return the model in use with sizes, inertia, silhouette and names of these customers.

    `rfm` is RFM_TABLE, of all customers. Centroids, numbers and colours are those in use, so a
    customer changes segment only if the customer's own measures changed. A name stays unless the
    segment's numbers moved or contradict it, as after a refit.
    Raises EmptySegmentError: a segment without customers cannot be profiled.
    """
    points = pca.project(rfm, *WORDINGS)
    labelled = points.select("*", in_use.partition.columns()[0].alias("segment")).persist()
    try:
        sizes, inertia, silhouette = measure_segments(labelled, in_use.partition)
        if not all(sizes):
            empty = in_use.names[sizes.index(0)]
            raise EmptySegmentError(f"No customer belongs to the segment {empty!r} any more.")
        facts = naming_facts(labelled, in_use.k)
    finally:
        labelled.unpersist()
    # Older builds did not record the facts behind names; these names are kept as they are.
    names, named_for = in_use.names, in_use.named_for
    if len(named_for) == in_use.k:
        names, named_for = kept_names(facts, names, named_for, range(in_use.k))
    return replace(
        in_use,
        sizes=sizes,
        inertia=inertia,
        silhouette=silhouette,
        names=names,
        named_for=named_for,
        matching=match(np.diag(sizes).astype(np.float64)),
    )
