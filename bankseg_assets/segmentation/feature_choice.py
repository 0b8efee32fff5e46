"""Which features suit a bank's customers, from how their measures are distributed.

No set of features suits every bank: "once or more often" separates the customers of a bank whose
customers come once, and is the same for all customers of a bank where they come daily.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bankseg_assets.contracts.feature_catalogue import LOG_OFFSET, SIGNED_LOG, Feature
from bankseg_assets.scoring.bundle import feature_list
from bankseg_assets.stats.histograms import Histogram, quantile_bins, quantiles
from bankseg_assets.stats.typical_values import WHOLE

MEASURES = ("recency", "frequency", "average_amount", "monetary", "average_balance")

# A value that more than this share of the customers have leaves nothing to tell them apart by.
NEARLY_ALL = 0.99
LEAST_KNOWN = 0.5  # a measure known of fewer customers would be mostly its imputed mean
OFTEN = 3  # transactions: the last class of capped_frequency is "three or more"
MOST_OFTEN = 0.05  # of the customers; with more of them beyond OFTEN, how often matters too
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
    """A set of features, and the principal components that they are reduced to."""

    features: tuple[Feature, ...]
    n_components: int
    whiten: bool = False


@dataclass(frozen=True)
class FeatureChoice:
    """The candidates, the one that tells most first; none where no measure varies.

    warnings: a sentence for each measure that was left out.
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
    """Return the sets of features to compare for customers with these histograms of MEASURES.

    named: the features that the contract or the run names; they are the only set then, but for
    those that do not vary. n_components, whiten: the space, where the run names it.
    direction_known: whether warnings are of spending. Raises InputError for an unknown name,
    ValueError for more components than features.
    """
    wanted = feature_list(named or _suitable(counts, n_customers))
    if n_components is not None and n_components > len(wanted):
        raise ValueError(f"{n_components} components asked of {len(wanted)} features.")
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
        # With as many transactions for all, the sum says what the average says.
        features = [feature for feature in features if feature.measure != "monetary"]
        unusable.pop("monetary", None)
    spaces = [(n_components or 2, bool(whiten))]
    if n_components is None and whiten is None:
        spaces.append((3, True))
    # A subset is tried in the plain space alone: each candidate costs a dozen Spark jobs.
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
    """Return the names of all features that describe such customers."""
    often = sum(count for number, count in counts["frequency"].items() if number > OFTEN)
    is_seldom = often <= MOST_OFTEN * n_customers
    frequency = ["repeat", "capped_frequency"] if is_seldom else ["log_frequency"]
    return ["recency", *frequency, "log_average_amount", "log_monetary", "log_average_balance"]


def _subsets(features: Sequence[Feature]) -> Iterator[list[Feature]]:
    """Yield all features but those of one measure that the others can do without."""
    for measure in ("average_balance", "recency"):
        yield [feature for feature in features if feature.measure != measure]


def _is_space(candidate: Candidate) -> bool:
    """Whether whitening is of use: of one component it changes nothing but the unit."""
    return not candidate.whiten or candidate.n_components > 1


def _why_unusable(histogram: Histogram, n_customers: int) -> str:
    """Return why a measure cannot tell customers apart, as a predicate; empty where it can."""
    known = sum(histogram.values())
    if not known:
        return "is not used: it is not known of any customer."
    if known < LEAST_KNOWN * n_customers:
        return f"is not used: it is known of only {known / n_customers:.0%} of customers."
    if len(histogram) == 1:
        return "is not used: it is the same for all customers."
    if _largest_share(histogram) > NEARLY_ALL:
        return f"is not used: it is the same for over {NEARLY_ALL:.0%} of the customers."
    return ""


def _largest_share(histogram: Histogram) -> float:
    return max(histogram.values()) / sum(histogram.values())


def _transformed(feature: Feature, histogram: Histogram) -> dict[int, int]:
    """Return the histogram of a feature; of a logarithm it is that of its measure."""
    if feature.transform != "cap":
        return dict(histogram)
    found: dict[int, int] = {}
    for number, count in histogram.items():
        value = min(number, int(feature.parameter))
        found[value] = found.get(value, 0) + count
    return found


def _fitted(feature: Feature, histogram: Histogram) -> Feature:
    """Return a feature with the parameter of its logarithm: the lower quintile of the size.

    Plain ln(1 + x) has a long tail at a few rupees that no one acts on; it bends the components
    and cost 1.5 points of F1 by persons. Any offset from 0.4 to 2.5 times this one does as well.
    Where a fifth of the customers have nothing at all, it is the quintile of the others.
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
