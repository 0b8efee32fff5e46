"""Random customers in a few groups, and all models fitted on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.classifier.build_bundle import FittedModels, build_bundle
from bankseg_assets.classifier.naive_bayes import Evaluation, NaiveBayesModel, fit_and_evaluate
from bankseg_assets.profiling.demographics import demographics
from bankseg_assets.profiling.profiles import profile
from bankseg_assets.segmentation.assignment import assign
from bankseg_assets.segmentation.feature_choice import Candidate, choose_features
from bankseg_assets.segmentation.k_selection import SweepOptions
from bankseg_assets.segmentation.kmeans import KMeansModel, fit_kmeans
from bankseg_assets.segmentation.pca import PcaModel, fit_pca, measure_counts, training_customers
from bankseg_assets_tests.frames import rfm_frame

FEATURES = ["recency", "capped_frequency", "log_average_amount", "log_average_balance"]
# Mean log amount, mean log balance, probability of a second transaction, maximum recency.
GROUPS = ((4.0, 7.0, 0.0, 80), (8.0, 11.0, 0.1, 80), (6.0, 9.0, 1.0, 20), (4.5, 12.0, 0.0, 40))


@dataclass(frozen=True)
class Fitted:
    """All models and the tables between them."""

    rfm: DataFrame
    pca: PcaModel
    kmeans: KMeansModel
    segments: DataFrame
    model: NaiveBayesModel
    evaluation: Evaluation
    profiles: list[dict[str, Any]]
    bundle: dict[str, Any]


def random_rows(count: int, seed: int) -> list[dict[str, Any]]:
    """Return rows of RFM_TABLE; a fifth is held out, one in thirty has no balance."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        amount, balance, repeat, days = GROUPS[int(random.integers(len(GROUPS)))]
        frequency = 1 + int(random.random() < repeat) * int(random.integers(1, 4))
        paise = int(100 * frequency * np.exp(random.normal(amount, 0.5)))
        known = number % 30 != 7
        rows.append(
            {
                "recency": int(random.integers(1, days + 1)),
                "frequency": frequency,
                "monetary": Decimal(paise) / 100,
                "average_amount": paise / 100 / frequency,
                "average_balance": float(np.exp(random.normal(balance, 0.7))) if known else None,
                "held_out": number % 5 == 0,
            }
        )
    return rows


def candidate(
    rfm: DataFrame, names: Sequence[str], *, n_components: int = 2, whiten: bool = False
) -> Candidate:
    """Return the named features, fitted on these customers, and their PCA."""
    counts = measure_counts(training_customers(rfm))
    total = sum(counts["frequency"].values())
    choice = choose_features(counts, total, named=names, n_components=n_components, whiten=whiten)
    (found,) = choice.candidates
    return found


def fit(rfm: DataFrame, wanted: int | None = None) -> Fitted:
    """Fit all models as the platform does, with the selected or the `wanted` k."""
    pca = fit_pca(rfm, candidate(rfm, FEATURES))
    ks = range(2, 7) if wanted is None else range(wanted, wanted + 1)
    kmeans = fit_kmeans(rfm, pca, SweepOptions(ks, fewest=3, seed=1), wanted=wanted)
    segments = assign(rfm, pca, kmeans).persist()
    labelled = pca.project(segments, "segment", "held_out")
    model, evaluation = fit_and_evaluate(labelled, pca.n_components)
    profiles = profile(segments, demographics(segments), "INR")
    models = FittedModels(pca, kmeans, model, evaluation)
    bundle = build_bundle(models, segments, profiles, version="run-1", currency="INR")
    return Fitted(rfm, pca, kmeans, segments, model, evaluation, profiles, bundle.to_json())


def with_genders(segments: DataFrame) -> DataFrame:
    """Return each customer four times; 3/5 men in every second segment, 2/5 in the others.

    Four times, so that every segment has at least 11 of each gender.
    """
    copied = segments.withColumn("copy", F.explode(F.array(*map(F.lit, "abcd"))))
    segments = copied.withColumn("customer_id", F.concat("customer_id", "copy")).drop("copy")
    drawn = F.pmod(F.xxhash64("customer_id"), F.lit(5)) < 3
    is_man = drawn == (F.col("segment") % 2 == 0)
    return segments.withColumn("gender", F.when(is_man, "M").otherwise("F"))


def random_customers(spark: SparkSession, count: int = 900, seed: int = 5) -> DataFrame:
    """Return a persisted RFM_TABLE."""
    return rfm_frame(spark, random_rows(count, seed)).persist()
