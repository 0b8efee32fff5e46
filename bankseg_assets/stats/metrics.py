"""Metrics of a confusion matrix: rows are true segments, columns predicted ones.

scikit-learn computes them from labels; here Spark has counted the customers of every cell.
"""

import numpy as np
import numpy.typing as npt


def occurs(
    confusion: npt.NDArray[np.int64] | npt.NDArray[np.float64],
) -> npt.NDArray[np.bool_]:
    """Return a mask (k,) of the segments that occur as true or predicted."""
    found: npt.NDArray[np.bool_] = confusion.sum(axis=0) + confusion.sum(axis=1) > 0
    return found


def f1_scores(
    confusion: npt.NDArray[np.int64] | npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return F1 = 2 TP / (2 TP + FP + FN) per segment (k,); 0 for one that never occurs."""
    hits = np.diag(confusion)
    occurrences = confusion.sum(axis=0) + confusion.sum(axis=1)
    return np.asarray(2 * hits / np.maximum(occurrences, 1), dtype=np.float64)
