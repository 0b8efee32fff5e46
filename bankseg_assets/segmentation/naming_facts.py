"""Facts for naming segments: displayed medians and deviations from all customers."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.presentation.formatting import three_digits
from bankseg_assets.segmentation.segment_words import WORDINGS, SegmentFacts
from bankseg_assets.stats.histograms import Histogram, histograms_by, quantile_bins
from bankseg_assets.stats.typical_values import (
    WHOLE,
    bin_values,
    is_typical,
    measure_bin,
)

ALL_ALIKE = 1e-9  # spread of the logarithms below which differences are rounding errors


def naming_facts(labelled: DataFrame, k: int) -> list[SegmentFacts]:
    """Return the naming facts of each segment, from customers with `segment` and the measures.

    Medians are those of the profile, so that a name and the sentence beside it use the same number.
    """
    counts = histograms_by(
        labelled, F.col("segment"), {name: measure_bin(name) for name in WORDINGS}
    )
    everyone = {
        name: _Moments(sum((Counter(of[name]) for of in counts.values()), Counter()), name)
        for name in WORDINGS
    }
    return [_facts(counts.get(segment), everyone) for segment in range(k)]


class _Moments:
    """Mean of a measure, and mean and standard deviation of its logarithm."""

    def __init__(self, histogram: Histogram, name: str) -> None:
        values = bin_values(name, list(histogram))
        weights = np.array(list(histogram.values()), dtype=float)
        self.count = int(weights.sum())
        self.most = float(values.max(initial=0.0))
        self.mean = self.log_mean = self.log_spread = 0.0
        if self.count:
            logs = _signed_log(values)
            self.mean = float(values @ weights / self.count)
            self.log_mean = float(logs @ weights / self.count)
            self.log_spread = float((weights @ (logs - self.log_mean) ** 2 / self.count) ** 0.5)


def _facts(
    counts: Mapping[str, Histogram] | None, everyone: Mapping[str, _Moments]
) -> SegmentFacts:
    days = everyone["recency"].most
    if counts is None:  # this centroid has no customers
        return SegmentFacts(days=days)
    customers = sum(counts["frequency"].values())
    own = {name: _Moments(counts[name], name) for name in WORDINGS}
    known = [name for name in WORDINGS if is_typical(own[name].count, customers)]
    medians = {name: _shown_median(name, counts[name]) for name in known}
    return SegmentFacts(
        customers=customers,
        medians=medians,
        deviations={
            name: float(_signed_log(median) - everyone[name].log_mean) / everyone[name].log_spread
            for name, median in medians.items()
            if everyone[name].log_spread > ALL_ALIKE
        },
        ratios={
            name: own[name].mean / everyone[name].mean for name in known if everyone[name].mean > 0
        },
        one_time_share=counts["frequency"].get(1, 0) / customers,
        days=days,
    )


def _shown_median(name: str, histogram: Histogram) -> float:
    """Return the median as displayed in the sentence."""
    median = float(bin_values(name, quantile_bins(histogram, [0.5]))[0])
    return median if name in WHOLE else three_digits(median)


def _signed_log(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return sign(x) ln(1 + |x|), as `histograms.signed_log`."""
    numbers = np.asarray(values, dtype=float)
    logs: npt.NDArray[np.float64] = np.sign(numbers) * np.log1p(np.abs(numbers))
    return logs
