"""Score the held-out customers of a written table: confusion matrix and evaluation."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.dataset as ds

from bankseg_assets.classifier.evaluation import Metrics, evaluate, log_loss
from bankseg_assets.classifier.naive_bayes import Evaluation, evaluation
from bankseg_assets.scoring.bundle import Bundle, Prediction, score

MOST_EVALUATED = 100_000  # customers, for metrics that need every probability at once


class NotComparableError(LookupError):
    """Raised when a classifier cannot score a table of customers; the message says why."""


def held_out_confusion(bundle: Bundle, customers: Path) -> npt.NDArray[np.int64]:
    """Score the held-out customers of a version of customer_segments in batches.

    Returns the counts (l, k) of segment i in the table and j by the classifier; l is one more than
    the table's highest segment. If no customer is held out, because they are too few, all are
    scored. Batches, because a tenth of 50 million customers at once would take gigabytes.

    Raises NotComparableError if the table lacks measures of the classifier.
    """
    table = np.zeros((0, len(bundle.prior)), dtype=np.int64)
    for segments, found in _held_out(bundle, customers):
        missing = max(int(segments.max()) + 1 - len(table), 0)
        table = np.pad(table, ((0, missing), (0, 0)))
        np.add.at(table, (segments, found.segment), 1)
    return table


def held_out_evaluation(bundle: Bundle, customers: Path) -> tuple[Evaluation, Metrics]:
    """Evaluate a classifier on the held-out customers of a version of customer_segments.

    The first result is of all of them; the second, with Brier score and calibration error, of the
    first 100,000. If no customer is held out, all are scored, and `n_held_out` is 0. Raises
    NotComparableError as `held_out_confusion`.
    """
    k = len(bundle.prior)
    table, loss = np.zeros((k, k), dtype=np.int64), 0.0
    labels: list[npt.NDArray[np.int64]] = []
    probabilities: list[npt.NDArray[np.float64]] = []
    for segments, found in _held_out(bundle, customers):
        np.add.at(table, (segments, found.segment), 1)
        loss += log_loss(found.probabilities, segments) * len(segments)
        if sum(map(len, labels)) < MOST_EVALUATED:
            labels.append(segments)
            probabilities.append(found.probabilities)
    is_held_out = bool(_rows(customers, ds.field("held_out")))
    sampled = evaluate(np.concatenate(probabilities), np.concatenate(labels).astype(np.int64))
    return evaluation(table, loss / int(table.sum()), is_held_out=is_held_out), sampled


def _held_out(
    bundle: Bundle, customers: Path
) -> Iterator[tuple[npt.NDArray[np.int64], Prediction]]:
    """Yield segments (n,) and predictions of the held-out customers, or of all if there is none."""
    names = [*bundle.measures, "segment"]
    absent = [name for name in names if name not in _dataset(customers).schema.names]
    if absent:
        raise NotComparableError(
            f"The model in use needs {', '.join(absent)}, which the new customers lack."
        )
    rows = ds.field("held_out")
    chosen = rows if _rows(customers, rows) else None
    for batch in _dataset(customers).to_batches(columns=names, filter=chosen):
        if batch.num_rows:
            columns = {name: _measure(bundle, name, batch[name]) for name in bundle.measures}
            segments = batch["segment"].to_numpy(zero_copy_only=False)
            yield segments.astype(np.int64), score(bundle, columns)


def _dataset(customers: Path) -> ds.Dataset:
    return ds.dataset(sorted(map(str, customers.glob("*.parquet"))))


def _rows(customers: Path, rows: ds.Expression) -> int:
    count: int = _dataset(customers).count_rows(filter=rows)
    return count


def _measure(bundle: Bundle, name: str, column: pa.Array) -> npt.NDArray[np.float64]:
    """Return a measure as doubles; negative values become zero for a model trained without any."""
    values = column.cast("double").to_numpy(zero_copy_only=False)
    return values if bundle.may_be_negative(name) else np.where(values < 0, 0.0, values)
