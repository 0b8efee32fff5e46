"""Deterministic quantiles from histograms, in memory that does not grow with the rows.

Spark's `percentile_approx` depends on the order in which partial digests are merged, and its exact
`percentile` keeps every distinct value. Counts in fixed logarithmic bins need neither: sums of
integers have no order.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name every Spark user knows

from bankseg_assets.stats.log_bins import BINS_PER_E_FOLD

Histogram = Mapping[int, int]
"""Bin number -> count."""


def signed_log(value: Column) -> Column:
    """Return sign(x) ln(1 + |x|), a logarithm that is defined for overdrafts and refunds too.

    It is ln(1 + x) for x >= 0, odd and increasing; null stays null.
    """
    number = value.cast("double")
    return F.signum(number) * F.log1p(F.abs(number))


def log_bin(value: Column) -> Column:
    """Return the bin of a value: sign(x) floor(200 ln(1 + |x|)); null stays null."""
    number = value.cast("double")
    bins = F.floor(F.log1p(F.abs(number)) * BINS_PER_E_FOLD)
    return F.when(number < 0, -bins).otherwise(bins).cast("int")


def bin_value(bins: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the logarithmic midpoint of bins; bin 0 is exactly zero."""
    numbers = np.asarray(bins, dtype=float)
    middle = np.expm1((np.abs(numbers) + 0.5) / BINS_PER_E_FOLD)
    values: npt.NDArray[np.float64] = np.sign(numbers) * middle
    return values


def histograms(frame: DataFrame, bins: Mapping[str, Column]) -> dict[str, dict[int, int]]:
    """Count rows by bin for several bin columns in one pass; nulls are ignored."""
    return histograms_by(frame, F.lit(0), bins).get(0, {name: {} for name in bins})


def histograms_by(
    frame: DataFrame, group: Column, bins: Mapping[str, Column]
) -> dict[Any, dict[str, dict[int, int]]]:
    """Count rows by bin within each value of `group`, in one pass."""
    names = list(bins)
    binned = frame.select(
        group.alias("_group"), *(column.cast("int").alias(name) for name, column in bins.items())
    )
    sets = [[F.col("_group"), F.col(name)] for name in names]
    counted = binned.groupingSets(sets, F.col("_group"), *map(F.col, names)).agg(
        F.grouping_id().alias("_set"), F.count(F.lit(1)).alias("_count")
    )
    owner = {number: name for number, (name,) in sets_by_id(names, [(n,) for n in names]).items()}
    found: dict[Any, dict[str, dict[int, int]]] = {}
    for row in counted.collect():
        name = owner[row["_set"]]
        counts = found.setdefault(row["_group"], {name: {} for name in names})[name]
        if row[name] is not None:
            counts[row[name]] = row["_count"]
    return {
        key: {name: dict(sorted(counts.items())) for name, counts in of_group.items()}
        for key, of_group in sorted(found.items())
    }


def sets_by_id(names: Sequence[str], sets: Iterable[tuple[str, ...]]) -> dict[int, tuple[str, ...]]:
    """Return Spark's grouping_id -> the grouping set over columns `names` that it stands for.

    It has a 1 for every column that is rolled up: all but the set's own, the first the highest.

    >>> sets_by_id(["a", "b", "c"], [("a",), ("b", "c")])
    {3: ('a',), 4: ('b', 'c')}
    """
    bits = {name: 1 << (len(names) - 1 - place) for place, name in enumerate(names)}
    return {sum(bits.values()) - sum(bits[name] for name in one): one for one in sets}


def quantile_bins(histogram: Histogram, probabilities: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the first bin whose cumulative share reaches each probability.

    Raises ValueError for an empty histogram.
    """
    if not histogram:
        raise ValueError("No values to compute a quantile of.")
    bins = np.array(list(histogram), dtype=np.int64)
    cumulative = np.cumsum(np.array(list(histogram.values()), dtype=np.int64))
    wanted = np.asarray(probabilities, dtype=float) * cumulative[-1]
    places = np.searchsorted(cumulative, wanted - 1e-9)
    found: npt.NDArray[np.int64] = bins[np.minimum(places, len(bins) - 1)]
    return found


def quantiles(histogram: Histogram, probabilities: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the quantile values of a histogram over `log_bin`."""
    return bin_value(quantile_bins(histogram, probabilities))
