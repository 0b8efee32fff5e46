"""Gaussian naive Bayes on the segment labels, evaluated on held-out customers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyspark.ml.classification import NaiveBayes
from pyspark.ml.classification import NaiveBayesModel as SparkNaiveBayesModel
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.stats.metrics import f1_scores, occurs
from bankseg_assets.stats.rounding import rounded

# Spark's variance is a difference of two means, so noise reaches the twelfth digit.
DENSITY_DIGITS = 10
LEAST_VARIANCE = 1e-9
LEAST_PROBABILITY = 1e-15  # limits the log loss of a wrong certain prediction to 34.5 nats


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


def fit_and_evaluate(labelled: DataFrame, n_components: int) -> tuple[NaiveBayesModel, Evaluation]:
    """Fit on the training customers of `segment, held_out, pc1..pcc`; evaluate on held-out ones.

    If none is held out, because the customers are too few, it is evaluated on the training
    customers, and `n_held_out` is 0.
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
    counts = _outcomes(fitted, vectors.where("held_out"))
    is_held_out = bool(counts)
    counts = counts or _outcomes(fitted, vectors)
    confusion = np.zeros((len(prior), len(prior)), dtype=np.int64)
    for row in counts:
        confusion[row["label"], row["prediction"]] = row["customers"]
    loss = sum(row["loss"] for row in counts) / int(confusion.sum())
    return model, evaluation(confusion, loss, is_held_out=is_held_out)


def fit_single(labelled: DataFrame, n_components: int) -> tuple[NaiveBayesModel, Evaluation]:
    """Fit and evaluate the model of a single segment; see `fit_and_evaluate`.

    In closed form: if all customers are equal, Spark's variance is zero and its densities are NaN.
    """
    names = [f"pc{place + 1}" for place in range(n_components)]
    training = labelled.where("NOT held_out")
    row = training.agg(
        *(F.avg(name).alias(f"{name}_mean") for name in names),
        *(F.var_pop(name).alias(f"{name}_variance") for name in names),
    ).collect()[0]
    spreads = [max(row[f"{name}_variance"], LEAST_VARIANCE) for name in names]
    model = NaiveBayesModel(
        prior=[1.0],
        means=rounded([[row[f"{name}_mean"] for name in names]], DENSITY_DIGITS),
        variances=rounded([spreads], DENSITY_DIGITS),
    )
    n_held_out = labelled.where("held_out").count()
    confusion = np.array([[n_held_out or labelled.count()]], dtype=np.int64)
    return model, evaluation(confusion, 0.0, is_held_out=n_held_out > 0)


def _outcomes(fitted: SparkNaiveBayesModel, vectors: DataFrame) -> list[Row]:
    """Count customers by label and prediction, and sum their log losses."""
    scored = fitted.transform(vectors).select(
        F.col("label").cast("int").alias("label"),
        F.col("prediction").cast("int").alias("prediction"),
        F.get(vector_to_array(F.col("probability")), F.col("label").cast("int")).alias("given"),
    )
    return (
        scored.groupBy("label", "prediction")
        .agg(
            F.count(F.lit(1)).alias("customers"),
            F.sum(-F.log(F.greatest("given", F.lit(LEAST_PROBABILITY)))).alias("loss"),
        )
        .collect()
    )


def evaluation(
    confusion: npt.NDArray[np.int64], log_loss: float, *, is_held_out: bool = True
) -> Evaluation:
    """Return the metrics of a confusion matrix; a segment without customers has recall 0.

    Macro F1 is the mean over the segments that occur, as in scikit-learn: a small segment may have
    no held-out customers.
    """
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
        f1_macro=rounded(float(f1[occurs(confusion)].mean())),
        accuracy=rounded(float(np.trace(confusion) / total)),
        recall=rounded(recall.tolist()),
        log_loss=rounded(log_loss, DENSITY_DIGITS),
        majority_f1_weighted=rounded(float(share @ f1_scores(always_majority))),
        n_held_out=total if is_held_out else 0,
    )
