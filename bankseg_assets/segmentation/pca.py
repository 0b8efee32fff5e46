"""Standardise the features and rotate them to principal components."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.feature_catalogue import FEATURES, Feature
from bankseg_assets.segmentation.feature_choice import MEASURES, Candidate
from bankseg_assets.segmentation.features import component_columns, feature_column
from bankseg_assets.stats.histograms import histograms
from bankseg_assets.stats.rounding import LOADING_DIGITS, rounded
from bankseg_assets.stats.typical_values import measure_bin
from bankseg_assets.storage.documents import as_dataclass

LEAST_VARIANCE = 1e-6  # of all features together
SKEW_DIGITS = 4  # third moments of money: floating-point noise reaches the eighth digit


class ConstantFeatureError(ValueError):
    """Raised when a feature has the same value for all customers."""


@dataclass(frozen=True)
class PcaModel:
    """d features, c components.

    mean: (d,), of the training customers. scale: (d,), their standard deviation over the feature's
    weight. loadings: (d, c), orthonormal columns, the greatest entry of each positive. components:
    (d, c), the loadings, divided by the standard deviation of the component if the model whitens.
    explained_variance: (d,), shares. residual: (d, d), the covariance of the standardised features
    in the dropped components. skew: (d, 2), of the measure and of the transformed feature. reason:
    why these features, in a sentence. warnings: a sentence for each excluded measure. comparison: a
    row per compared feature set.
    """

    features: tuple[Feature, ...]
    mean: list[float]
    scale: list[float]
    loadings: list[list[float]]
    components: list[list[float]]
    explained_variance: list[float]
    residual: list[list[float]]
    skew: list[tuple[float, float]]
    whitened: bool
    n_customers: int
    reason: str = ""
    warnings: list[str] = field(default_factory=list)
    comparison: list[dict[str, Any]] = field(default_factory=list)

    @property
    def n_components(self) -> int:
        """The number of kept components."""
        return len(self.components[0])

    def to_json(self) -> dict[str, Any]:
        """Return the model as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "PcaModel":
        """Read what `to_json` wrote; raises DocumentError."""
        return as_dataclass(cls, document)

    def project(self, rfm: DataFrame, *keep: str) -> DataFrame:
        """Return the columns `keep` and the component scores pc1..pcc of every customer."""
        scores = component_columns(self.features, self.mean, self.scale, self.components)
        return rfm.select(*keep, *scores)


def training_customers(rfm: DataFrame) -> DataFrame:
    """Return the customers that are not held out."""
    return rfm.where(~F.col("held_out"))


def measure_counts(training: DataFrame) -> dict[str, dict[int, int]]:
    """Count customers by each of MEASURES, for `choose_features`, in one pass."""
    return histograms(training, {name: measure_bin(name) for name in MEASURES})


def constant_model(rfm: DataFrame, warnings: Sequence[str]) -> PcaModel:
    """Return a model for customers who do not differ: recency, without standardisation.

    Downstream models expect a component; with this one they work for a single segment too.
    """
    members = training_customers(rfm)
    row = members.agg(F.count(F.lit(1)), F.avg("recency")).collect()[0]
    return PcaModel(
        features=(replace(FEATURES["recency"], weight=1.0, reason="days"),),
        mean=[rounded(row[1] or 0.0)],
        scale=[1.0],
        loadings=[[1.0]],
        components=[[1.0]],
        explained_variance=[1.0],
        residual=[[0.0]],
        skew=[(0.0, 0.0)],
        whitened=False,
        n_customers=row[0],
        reason="No measure differs between these customers.",
        warnings=list(warnings),
    )


def fit_pca(rfm: DataFrame, candidate: Candidate) -> PcaModel:
    """Fit PCA on the customers that are not held out.

    Raises ConstantFeatureError when a feature does not vary.
    """
    features, n_components, whiten = candidate.features, candidate.n_components, candidate.whiten
    members = training_customers(rfm)
    training = members.select(
        *(feature_column(feature).alias(feature.name) for feature in features),
        *(F.col(f.measure).cast("double").alias(f"{f.name}_plain") for f in features),
    )
    names = [feature.name for feature in features]
    row = training.agg(
        F.count(F.lit(1)).alias("_n"),
        *(F.avg(name).alias(f"{name}_mean") for name in names),
        *(F.stddev_samp(name).alias(f"{name}_scale") for name in names),
        *(F.skewness(name).alias(f"{name}_after") for name in names),
        *(F.skewness(f"{name}_plain").alias(f"{name}_before") for name in names),
    ).collect()[0]
    mean = [rounded(row[f"{name}_mean"] or 0.0) for name in names]
    scale = [rounded(row[f"{name}_scale"] or 0.0) for name in names]
    constant = [name for name, spread in zip(names, scale, strict=True) if spread == 0]
    if constant:
        raise ConstantFeatureError(
            f"The features {constant} have one value for all {row['_n']:,} training customers. "
            "Remove them from the run's features, or check that the data covers more than a day."
        )
    # Dividing the scale by the weight makes a feature contribute in proportion to its weight.
    scale = [rounded(spread / f.weight) for spread, f in zip(scale, features, strict=True)]
    rotation, shares = _rotate(training, names, mean, scale)
    if whiten:
        # A direction without variance (collinear features) cannot be scaled to unit variance.
        n_components = max(min(n_components, int((shares > LEAST_VARIANCE).sum())), 1)
    components = rotation[:, :n_components]
    # The total variance of the weighted features; an eigenvalue is a share of it.
    total = sum(feature.weight**2 for feature in features)
    if whiten:
        components = components / np.sqrt(shares[:n_components] * total)
    return PcaModel(
        features=features,
        mean=mean,
        scale=scale,
        loadings=rounded(rotation[:, :n_components].tolist(), LOADING_DIGITS),
        components=rounded(components.tolist(), LOADING_DIGITS),
        explained_variance=rounded(shares.tolist(), LOADING_DIGITS),
        residual=rounded(_residual(rotation, shares * total, n_components), LOADING_DIGITS),
        skew=[
            (
                rounded(row[f"{name}_before"], SKEW_DIGITS),
                rounded(row[f"{name}_after"], SKEW_DIGITS),
            )
            for name in names
        ],
        whitened=whiten,
        n_customers=row["_n"],
    )


def _residual(
    rotation: np.ndarray, eigenvalues: np.ndarray, n_components: int
) -> list[list[float]]:
    """Return the features' covariance (d, d) that the kept components do not explain."""
    rest = rotation[:, n_components:]
    found: list[list[float]] = (rest * eigenvalues[n_components:] @ rest.T).tolist()
    return found


def _rotate(
    training: DataFrame, names: list[str], mean: list[float], scale: list[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return loadings (d, d) and shares of variance (d,).

    The covariance is one aggregation, its eigenvectors come from numpy. Spark ML's PCA gives the
    same result in four jobs, which took 3 s for 440,000 customers.
    """
    standardised = training.select(
        *(
            F.coalesce((F.col(name) - centre) / spread, F.lit(0.0)).alias(name)
            for name, centre, spread in zip(names, mean, scale, strict=True)
        )
    )
    # Sums of products instead of `covar_samp`: standardised features have no large mean to
    # subtract, and a third of the accumulators means a third of the code for Java to compile.
    places = list(combinations_with_replacement(range(len(names)), 2))
    found = standardised.agg(
        F.count(F.lit(1)),
        *map(F.sum, names),
        *(F.sum(F.col(names[i]) * F.col(names[j])) for i, j in places),
    ).collect()[0]
    n, sums, products = found[0], np.array(found[1 : len(names) + 1]), found[len(names) + 1 :]
    covariance = np.empty((len(names), len(names)))
    for (i, j), product in zip(places, products, strict=True):
        covariance[i, j] = covariance[j, i] = (product - sums[i] * sums[j] / n) / (n - 1)
    values, vectors = np.linalg.eigh(covariance)
    # Rounding may make a zero eigenvalue slightly negative.
    values, loadings = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    # The sign of an eigenvector is arbitrary; a fixed one keeps reruns consistent.
    greatest = np.abs(loadings).argmax(axis=0)
    signs = np.sign(loadings[greatest, range(len(names))])
    return loadings * signs, values / values.sum()
