"""Features and component scores as Spark SQL: the counterpart of `scoring.bundle.Feature`.

Each component is one affine expression over transformed columns, so that Spark compiles it into the
scan instead of calling a function on vectors per row.
"""

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.contracts.feature_catalogue import Feature
from bankseg_assets.scoring.bundle import BundleError
from bankseg_assets.stats.histograms import signed_log


def feature_column(feature: Feature) -> Column:
    """Return the feature as a double; null where the measure is null."""
    value = F.col(feature.measure).cast("double")
    match feature.transform:
        case "identity":
            return value
        case "cap":
            # Not `least`, which skips nulls: unknown values would become the maximum.
            return F.when(value > feature.parameter, feature.parameter).otherwise(value)
        case "log_offset":
            # Not `greatest`, which skips nulls too.
            return F.log(F.when(value < 0, 0.0).otherwise(value) + F.lit(feature.parameter))
        case "signed_log":
            return signed_log(value / F.lit(feature.parameter))
    raise BundleError(f"Unknown transform {feature.transform!r} of the feature {feature.name!r}.")


def component_columns(
    features: Sequence[Feature],
    mean: Sequence[float],
    scale: Sequence[float],
    components: Sequence[Sequence[float]],
) -> list[Column]:
    """Return the component scores `pc1..pcc`: ((features - mean) / scale) @ components.

    An unknown measure (no balance was ever delivered) is imputed by the mean, which is zero after
    standardisation.
    """
    standardised = [
        F.coalesce((feature_column(feature) - centre) / spread, F.lit(0.0))
        for feature, centre, spread in zip(features, mean, scale, strict=True)
    ]
    weights = zip(*components, strict=True)
    return [
        sum((x * w for x, w in zip(standardised, column, strict=True)), F.lit(0.0)).alias(name)
        for name, column in zip(component_names(len(components[0])), weights, strict=True)
    ]


def component_names(count: int) -> list[str]:
    """Return the column names pc1..pc`count`."""
    return [f"pc{place + 1}" for place in range(count)]
