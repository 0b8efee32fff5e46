"""How honest the probabilities are for every subset of the inputs; a temperature that helps."""

from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.partial import joint_of_known, subset_key
from bankseg_assets.scoring import Array, Bundle, softmax
from bankseg_assets.transforms.naive_bayes import LEAST_PROBABILITY, f1_scores

SAMPLE = 20_000  # customers: a temperature moves by under 2 % between two such samples
SAMPLE_SEED = 3
BINS = 15
_COLDEST, _HOTTEST = 0.05, 20.0
TEMPERATURE_DIGITS = 4

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Completeness:
    """How well held-out customers are told apart by some of the measures."""

    known: tuple[str, ...]
    f1_weighted: float
    f1_macro: float
    log_loss: float
    brier: float
    calibration_error: float
    temperature: float

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self) | {"known": list(self.known)}


def calibrate(bundle: Bundle, segments: DataFrame) -> tuple[dict[str, float], list[Completeness]]:
    """Fit a temperature for every subset on training customers; judge it on held-out ones.

    `segments` is CUSTOMER_SEGMENTS. Samples follow from a hash of the customer, so a rerun takes
    the same ones. The first entry, with nothing known, is the prior alone. Raises ValueError when
    no held-out customer has every measure.
    """
    training, labels = _sample(bundle, segments.where("NOT held_out"))
    held_out, held_out_labels = _sample(bundle, segments.where("held_out"))
    if not len(held_out_labels):
        raise ValueError("No held-out customer has every measure, so no probability can be judged.")
    temperatures, found = {}, []
    for names in subsets(bundle.measures):
        some = {name: training[name] for name in names}
        temperature = best_temperature(joint_of_known(bundle, some, len(labels)), labels)
        temperatures[subset_key(names)] = temperature
        some = {name: held_out[name] for name in names}
        joint = joint_of_known(bundle, some, len(held_out_labels))
        found.append(judge(names, softmax(temperature * joint), held_out_labels, temperature))
    return temperatures, found


def subsets(measures: list[str]) -> list[tuple[str, ...]]:
    """Return every subset, the empty one first, the whole last."""
    return [names for size in range(len(measures) + 1) for names in combinations(measures, size)]


def best_temperature(joint: Array, labels: Labels) -> float:
    """Return the factor on the log joint that has the least log loss."""
    from scipy.optimize import minimize_scalar

    if np.ptp(joint, axis=0).max() == 0:
        return 1.0  # nothing is known: the prior is what it is

    def loss(logarithm: float) -> float:
        return log_loss(softmax(np.exp(logarithm) * joint), labels)

    bounds = (np.log(_COLDEST), np.log(_HOTTEST))
    best = np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x)
    return float(f"{best:.{TEMPERATURE_DIGITS}g}")


def judge(
    known: tuple[str, ...], probabilities: Array, labels: Labels, temperature: float
) -> Completeness:
    """Measure probabilities (n, k) against the true segments (n,)."""
    k = probabilities.shape[1]
    confusion = np.zeros((k, k), dtype=np.int64)
    np.add.at(confusion, (labels, probabilities.argmax(axis=1)), 1)
    f1, shares = f1_scores(confusion), confusion.sum(axis=1) / len(labels)
    truth = np.eye(k)[labels]
    return Completeness(
        known=known,
        f1_weighted=round(float(shares @ f1), 6),
        f1_macro=round(float(f1.mean()), 6),
        log_loss=round(log_loss(probabilities, labels), 6),
        brier=round(float(((probabilities - truth) ** 2).sum(axis=1).mean()), 6),
        calibration_error=round(calibration_error(probabilities, labels), 6),
        temperature=temperature,
    )


def log_loss(probabilities: Array, labels: Labels) -> float:
    """Return the mean of -ln P(true segment)."""
    given = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(given, LEAST_PROBABILITY)).mean())


def calibration_error(probabilities: Array, labels: Labels) -> float:
    """Return the expected calibration error: |accuracy - confidence| in 15 bins, weighted."""
    rows = reliability(probabilities, labels)
    return sum(row["share"] * abs(row["accuracy"] - row["confidence"]) for row in rows)


def reliability(probabilities: Array, labels: Labels) -> list[dict[str, float]]:
    """Return, for each bin of the highest probability, its share, confidence and accuracy."""
    confidence = probabilities.max(axis=1)
    hit = probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [
        {
            "share": float((bins == number).mean()),
            "confidence": float(confidence[bins == number].mean()),
            "accuracy": float(hit[bins == number].mean()),
        }
        for number in np.unique(bins)
    ]


def _sample(bundle: Bundle, segments: DataFrame) -> tuple[dict[str, Array], Labels]:
    """Return the measures and segments of customers of whom everything is known."""
    complete = segments.dropna(subset=bundle.measures)
    chosen = (
        complete.withColumn("_order", F.xxhash64("customer_id", F.lit(SAMPLE_SEED)))
        .orderBy("_order")
        .limit(SAMPLE)
        .select("_order", "segment", *(F.col(n).cast("double").alias(n) for n in bundle.measures))
        .toPandas()
        .sort_values("_order")
    )
    measures = {name: chosen[name].to_numpy(dtype=np.float64) for name in bundle.measures}
    return measures, chosen["segment"].to_numpy(dtype=np.int64)
