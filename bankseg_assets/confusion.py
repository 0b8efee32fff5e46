"""How a classifier's segments meet those of a written table of customers."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.dataset as ds

from bankseg_assets.scoring import Bundle, InputError, score


class NotComparableError(LookupError):
    """A classifier cannot score a table of customers; the message says why."""


def held_out_confusion(bundle: Bundle, customers: Path) -> npt.NDArray[np.int64]:
    """Score the held-out customers of a version of customer_segments, a batch at a time.

    Returns how many are in segment i of the table and j of the classifier (l, k): l is one more
    than the table's highest segment. A tenth of 50 million customers at once would be gigabytes.
    Raises NotComparableError for a classifier of an older table, with other measures.
    """
    names = [*bundle.measures, "segment"]
    files = sorted(map(str, customers.glob("*.parquet")))
    absent = [name for name in names if name not in ds.dataset(files).schema.names]
    if absent:
        raise NotComparableError(
            f"The model in use asks for {', '.join(absent)}, which the new customers have not."
        )
    k = len(bundle.prior)
    table = np.zeros((0, k), dtype=np.int64)
    for batch in ds.dataset(files).to_batches(columns=names, filter=ds.field("held_out")):
        if not batch.num_rows:
            continue
        columns = {
            name: batch[name].cast("double").to_numpy(zero_copy_only=False)
            for name in bundle.measures
        }
        segments = batch["segment"].to_numpy(zero_copy_only=False)
        missing = max(int(segments.max()) + 1 - len(table), 0)
        table = np.pad(table, ((0, missing), (0, 0)))
        try:
            found = score(bundle, columns).segment
        except InputError as error:
            raise NotComparableError(
                f"The model in use does not take what new customers have: {error}"
            ) from error
        np.add.at(table, (segments, found), 1)
    return table
