"""Confusion matrix of a classifier on a written table of customers."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.dataset as ds

from bankseg_assets.scoring.bundle import Bundle, score


class NotComparableError(LookupError):
    """Raised when a classifier cannot score a table of customers; the message says why."""


def held_out_confusion(bundle: Bundle, customers: Path) -> npt.NDArray[np.int64]:
    """Score the held-out customers of a version of customer_segments in batches.

    Returns the counts (l, k) of segment i in the table and j by the classifier; l is one more than
    the table's highest segment. If no customer is held out, because they are too few, all are
    scored. Batches, because a tenth of 50 million customers at once would take gigabytes.

    Raises NotComparableError if the table lacks measures of the classifier.
    """
    table = _confusion(bundle, customers, ds.field("held_out"))
    return table if table.sum() else _confusion(bundle, customers, None)


def _confusion(
    bundle: Bundle, customers: Path, rows: ds.Expression | None
) -> npt.NDArray[np.int64]:
    names = [*bundle.measures, "segment"]
    files = sorted(map(str, customers.glob("*.parquet")))
    absent = [name for name in names if name not in ds.dataset(files).schema.names]
    if absent:
        raise NotComparableError(
            f"The model in use needs {', '.join(absent)}, which the new customers lack."
        )
    table = np.zeros((0, len(bundle.prior)), dtype=np.int64)
    for batch in ds.dataset(files).to_batches(columns=names, filter=rows):
        if not batch.num_rows:
            continue
        columns = {name: _measure(bundle, name, batch[name]) for name in bundle.measures}
        segments = batch["segment"].to_numpy(zero_copy_only=False)
        missing = max(int(segments.max()) + 1 - len(table), 0)
        table = np.pad(table, ((0, missing), (0, 0)))
        np.add.at(table, (segments, score(bundle, columns).segment), 1)
    return table


def _measure(bundle: Bundle, name: str, column: pa.Array) -> npt.NDArray[np.float64]:
    """Return a measure as doubles; negative values become zero for a model trained without any."""
    values = column.cast("double").to_numpy(zero_copy_only=False)
    return values if bundle.may_be_negative(name) else np.where(values < 0, 0.0, values)
