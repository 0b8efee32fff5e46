"""Compare candidate feature sets by their segments, and keep the first sound one."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from pyspark.sql import DataFrame

from bankseg_assets.segmentation.feature_choice import MEASURES, FeatureChoice, choose_features
from bankseg_assets.segmentation.grid_summary import summarise
from bankseg_assets.segmentation.k_selection import (
    SOUND,
    Choice,
    SweepOptions,
    choose_k,
    fit_all,
    least_share,
    stability,
)
from bankseg_assets.segmentation.pca import (
    PcaModel,
    constant_model,
    fit_pca,
    measure_counts,
    training_customers,
)


@dataclass(frozen=True)
class Compared:
    """The best segmentation of a feature set; measures as in `SweepEntry`.

    rank: how many criteria it meets, as in `Choice`.
    """

    features: list[str]
    n_components: int
    whitened: bool
    k: int
    rank: int
    silhouette: float
    f1_macro: float
    smallest_share: float
    stability: float | None


def best_pca(
    rfm: DataFrame,
    options: SweepOptions,
    *,
    named: Sequence[str] = (),
    n_components: int | None = None,
    whiten: bool | None = None,
    direction_known: bool = False,
) -> PcaModel:
    """Select features and return the PCA model fitted on them.

    The sets of `choose_features` are tried in turn, each swept as in `fit_kmeans`. The
    first that gives sound segments is kept; otherwise the one that meets most criteria, with ties
    broken by the silhouette. `rfm` is RFM_TABLE.
    """
    # Only the columns that the features need: the passes below read them a dozen times.
    training = training_customers(rfm).select(*MEASURES, "held_out").persist()
    try:
        counts = measure_counts(training)
        n_training = sum(counts["frequency"].values())
        choice = choose_features(
            counts,
            n_training,
            named=named,
            n_components=n_components,
            whiten=whiten,
            direction_known=direction_known,
        )
        if not choice.candidates:
            return constant_model(training, choice.warnings)
        if len(choice.candidates) == 1:
            model = fit_pca(training, choice.candidates[0])
            reason = "Set by name." if named else "No other set of features is possible."
            return replace(model, reason=reason, warnings=list(choice.warnings))
        model = _first_sound(training, choice, options, least=least_share(rfm.count()))
        return replace(model, warnings=list(choice.warnings))
    finally:
        training.unpersist()


def _first_sound(
    training: DataFrame, choice: FeatureChoice, options: SweepOptions, *, least: float
) -> PcaModel:
    found: list[tuple[PcaModel, Compared]] = []
    for candidate in choice.candidates:
        model = fit_pca(training, candidate)
        best_k = _best_k(training, model, options, least=least)
        found.append((model, _compared(model, best_k)))
        if best_k.rank == SOUND:
            break
    model, best = max(found, key=lambda one: (one[1].rank, one[1].silhouette))
    return replace(
        model,
        reason=_reason(best, len(found)),
        comparison=[asdict(row) for _, row in found],
    )


def _best_k(training: DataFrame, model: PcaModel, options: SweepOptions, *, least: float) -> Choice:
    summary = summarise(model.project(training), model.n_components)
    swept = fit_all(summary, options.ks, seed=options.seed)
    return choose_k(
        [entry for entry, _ in swept.values()],
        fewest=options.fewest,
        least=least,
        stability_of=lambda k: stability(summary, swept[k][1], seed=options.seed),
    )


def _compared(model: PcaModel, choice: Choice) -> Compared:
    entry = choice.entry
    return Compared(
        features=[feature.name for feature in model.features],
        n_components=model.n_components,
        whitened=model.whitened,
        k=choice.k,
        rank=choice.rank or 0,
        silhouette=entry.silhouette,
        f1_macro=entry.f1_macro,
        smallest_share=entry.smallest_share,
        stability=entry.stability,
    )


def _reason(best: Compared, compared: int) -> str:
    space = f"{best.n_components} {'whitened ' if best.whitened else ''}principal components"
    if best.rank < SOUND:
        return (
            f"None of {compared} sets of features meets all criteria; this one, in {space}, meets "
            "the most."
        )
    if compared == 1:
        return f"The full set of features meets all criteria, in {space}."
    return f"Of {compared} sets of features, the last meets all criteria, in {space}."
