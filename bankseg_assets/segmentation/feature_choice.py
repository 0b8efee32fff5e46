"""Choose candidate feature sets from the distribution of a bank's measures.

No feature set suits every bank: "once or more often" separates customers where most come once, and
is constant where all come daily.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bankseg_assets.contracts.feature_catalogue import LOG_OFFSET, SIGNED_LOG, Feature
from bankseg_assets.scoring.bundle import feature_list
from bankseg_assets.stats.histograms import Histogram, quantile_bins, quantiles
from bankseg_assets.stats.typical_values import WHOLE

MEASURES = ("recency", "frequency", "average_amount", "monetary", "average_balance")

# A value shared by more than this share of the customers does not separate them.
NEARLY_ALL = 0.99
LEAST_KNOWN = 0.5  # a measure known for fewer customers would mostly be its imputed mean
OFTEN = 3  # transactions: the last class of capped_frequency is "three or more"
MOST_OFTEN = 0.05  # share of customers; with more of them beyond OFTEN, the frequency matters too
LOWER_QUINTILE = 0.2

_CALLED = {
    "recency": "The number of days since the last transaction",
    "frequency": "The number of transactions",
    "average_amount": "The average amount",
    "monetary": "The sum of the amounts",
    "average_balance": "The account balance",
}
_CALLED_SPENDING = _CALLED | {
    "recency": "The number of days since the last spending transaction",
    "frequency": "The number of spending transactions",
    "average_amount": "The average amount spent",
    "monetary": "The sum of the spending",
}
"""The same where the direction of amounts is known."""


@dataclass(frozen=True)
class Candidate:
    """A feature set and the space of principal components for it."""

    features: tuple[Feature, ...]
    n_components: int
    whiten: bool = False


@dataclass(frozen=True)
class FeatureChoice:
    """The candidates, the most informative first; empty if no measure varies.

    warnings: a sentence for each excluded measure.
    """

    candidates: tuple[Candidate, ...]
    warnings: tuple[str, ...]


def choose_features(
    counts: Mapping[str, Histogram],
    n_customers: int,
    *,
    named: Sequence[str] = (),
    n_components: int | None = None,
    whiten: bool | None = None,
    direction_known: bool = False,
) -> FeatureChoice:
    """Return the feature sets to compare, given the histograms of MEASURES.

    named: features set by the contract or the run; they are then the only set, except constant
    ones. n_components, whiten: the space, if set by the run. direction_known: whether warnings
    speak of spending. Raises InputError for an unknown name,
    ValueError for more components than features.
    """
    wanted = feature_list(named or _suitable(counts, n_customers))
    if n_components is not None and n_components > len(wanted):
        raise ValueError(f"{n_components} components requested of {len(wanted)} features.")
    called = _CALLED_SPENDING if direction_known else _CALLED
    unusable = {
        measure: f"{called[measure]} {why}"
        for measure in dict.fromkeys(feature.measure for feature in wanted)
        if (why := _why_unusable(counts[measure], n_customers))
    }
    features = [
        _fitted(feature, counts[feature.measure])
        for feature in wanted
        if feature.measure not in unusable
        and _largest_share(_transformed(feature, counts[feature.measure])) <= NEARLY_ALL
    ]
    if "frequency" in unusable and not named:
        # With an equal number of transactions for all, sum and average are equivalent.
        features = [feature for feature in features if feature.measure != "monetary"]
        unusable.pop("monetary", None)
    spaces = [(n_components or 2, bool(whiten))]
    if n_components is None and whiten is None:
        spaces.append((3, True))
    # Subsets are tried without whitening only: each candidate costs a dozen Spark jobs.
    pairs = [(features, space) for space in spaces]
    pairs += [] if named else [(some, spaces[0]) for some in _subsets(features)]
    candidates = (
        Candidate(tuple(some), min(count, len(some)), whiten=is_white)
        for some, (count, is_white) in pairs
    )
    return FeatureChoice(
        tuple(one for one in dict.fromkeys(candidates) if one.features and _is_space(one)),
        tuple(unusable.values()),
    )


def _suitable(counts: Mapping[str, Histogram], n_customers: int) -> list[str]:
    """Return the names of all features that suit these distributions."""
    often = sum(count for number, count in counts["frequency"].items() if number > OFTEN)
    is_seldom = often <= MOST_OFTEN * n_customers
    frequency = ["repeat", "capped_frequency"] if is_seldom else ["log_frequency"]
    return ["recency", *frequency, "log_average_amount", "log_monetary", "log_average_balance"]


def _subsets(features: Sequence[Feature]) -> Iterator[list[Feature]]:
    """Yield subsets that omit the features of one dispensable measure."""
    for measure in ("average_balance", "recency"):
        yield [feature for feature in features if feature.measure != measure]


def _is_space(candidate: Candidate) -> bool:
    """Whether whitening has an effect: for one component it only changes the unit."""
    return not candidate.whiten or candidate.n_components > 1


def _why_unusable(histogram: Histogram, n_customers: int) -> str:
    """Return why a measure cannot separate customers, as a predicate; empty if it can."""
    known = sum(histogram.values())
    if not known:
        return "is not used: it is unknown for all customers."
    if known < LEAST_KNOWN * n_customers:
        return f"is not used: it is known for only {known / n_customers:.0%} of customers."
    if len(histogram) == 1:
        return "is not used: it is the same for all customers."
    if _largest_share(histogram) > NEARLY_ALL:
        return f"is not used: it is the same for over {NEARLY_ALL:.0%} of the customers."
    return ""


def _largest_share(histogram: Histogram) -> float:
    return max(histogram.values()) / sum(histogram.values())


def _transformed(feature: Feature, histogram: Histogram) -> dict[int, int]:
    """Return the histogram of a feature; for a logarithm, that of its measure."""
    if feature.transform != "cap":
        return dict(histogram)
    found: dict[int, int] = {}
    for number, count in histogram.items():
        value = min(number, int(feature.parameter))
        found[value] = found.get(value, 0) + count
    return found


def _fitted(feature: Feature, histogram: Histogram) -> Feature:
    """Return a feature with the offset of its logarithm: the lower quintile of |x|.

    Plain ln(1 + x) has a long, irrelevant tail at a few rupees; it distorts the components and cost
    1.5 points of F1 (customers identified by the person key). Offsets from 0.4 to 2.5 times this
    one are equally good. If a fifth of the customers have zero, it is the quintile of the others.
    """
    if feature.transform != LOG_OFFSET:
        return feature
    is_signed = min(histogram) < 0
    sizes: dict[int, int] = {}
    for number, count in histogram.items():
        sizes[abs(number)] = sizes.get(abs(number), 0) + count
    filled = {number: sizes[number] for number in sorted(sizes) if number}
    parameter = (0.0 if is_signed else _quintile(feature, histogram)) or _quintile(feature, filled)
    transform = SIGNED_LOG if is_signed else LOG_OFFSET
    return replace(feature, transform=transform, parameter=float(f"{parameter:.2g}"))


def _quintile(feature: Feature, histogram: Histogram) -> float:
    of = quantile_bins if feature.measure in WHOLE else quantiles
    return float(of(histogram, [LOWER_QUINTILE])[0])
