"""Gaussian naive Bayes on the segments' labels, tested on customers that no fit has seen."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pyspark.ml.classification import NaiveBayes
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.transforms.rounding import rounded

# Spark's variance is a difference of two means, so its noise reaches the twelfth digit.
DENSITY_DIGITS = 10
LEAST_PROBABILITY = 1e-15  # a wrong certainty costs 34.5 nats in the log loss, not infinity


@dataclass(frozen=True)
class NaiveBayesModel:
    """k segments, c components. prior (k,), means (k, c), variances (k, c)."""

    prior: list[float]
    means: list[list[float]]
    variances: list[list[float]]


@dataclass(frozen=True)
class Evaluation:
    """Quality on held-out customers; confusion (k, k): rows are true segments."""

    confusion: list[list[int]]
    f1_weighted: float
    f1_macro: float
    accuracy: float
    recall: list[float]
    log_loss: float
    majority_f1_weighted: float
    n_held_out: int

    def to_json(self) -> dict[str, Any]:
        """Return the evaluation as plain values."""
        return asdict(self)


def fit_and_evaluate(labelled: DataFrame, n_components: int) -> tuple[NaiveBayesModel, Evaluation]:
    """Fit on the training customers of `segment, held_out, pc1..pcc`; evaluate on the held out.

    Raises ValueError when no customer is held out.
    """
    vectors = labelled.select(
        F.col("segment").cast("double").alias("label"),
        array_to_vector(F.array(*(f"pc{i + 1}" for i in range(n_components)))).alias("features"),
        "held_out",
    )
    fitted = NaiveBayes(modelType="gaussian", smoothing=0.0).fit(vectors.where("NOT held_out"))
    prior = np.exp(fitted.pi.toArray())
    model = NaiveBayesModel(
        prior=rounded(prior.tolist()),
        means=rounded(fitted.theta.toArray().tolist(), DENSITY_DIGITS),
        variances=rounded(fitted.sigma.toArray().tolist(), DENSITY_DIGITS),
    )
    scored = fitted.transform(vectors.where("held_out")).select(
        F.col("label").cast("int").alias("label"),
        F.col("prediction").cast("int").alias("prediction"),
        F.get(vector_to_array(F.col("probability")), F.col("label").cast("int")).alias("given"),
    )
    counts = (
        scored.groupBy("label", "prediction")
        .agg(
            F.count(F.lit(1)).alias("customers"),
            F.sum(-F.log(F.greatest("given", F.lit(LEAST_PROBABILITY)))).alias("loss"),
        )
        .collect()
    )
    confusion = np.zeros((len(prior), len(prior)), dtype=np.int64)
    for row in counts:
        confusion[row["label"], row["prediction"]] = row["customers"]
    if confusion.sum() == 0:
        raise ValueError("No customer is held out, so nothing can be tested: too few customers.")
    loss = sum(row["loss"] for row in counts) / int(confusion.sum())
    return model, evaluation(confusion, loss)


def evaluation(confusion: npt.NDArray[np.int64], log_loss: float) -> Evaluation:
    """Return the measures of a confusion matrix; a segment without customers has recall 0."""
    true_counts = confusion.sum(axis=1)
    total = int(confusion.sum())
    recall = np.diag(confusion) / np.maximum(true_counts, 1)
    f1 = f1_scores(confusion)
    share = true_counts / total
    always_majority = np.zeros_like(confusion)
    always_majority[:, int(true_counts.argmax())] = true_counts
    return Evaluation(
        confusion=confusion.tolist(),
        f1_weighted=rounded(float(share @ f1)),
        f1_macro=rounded(float(f1.mean())),
        accuracy=rounded(float(np.trace(confusion) / total)),
        recall=rounded(recall.tolist()),
        log_loss=rounded(log_loss, DENSITY_DIGITS),
        majority_f1_weighted=rounded(float(share @ f1_scores(always_majority))),
        n_held_out=total,
    )


def f1_scores(
    confusion: npt.NDArray[np.int64] | npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return F1 = 2 TP / (2 TP + FP + FN) of each segment (k,); 0 where a segment never occurs."""
    hits = np.diag(confusion)
    occurrences = confusion.sum(axis=0) + confusion.sum(axis=1)
    return np.asarray(2 * hits / np.maximum(occurrences, 1), dtype=np.float64)
