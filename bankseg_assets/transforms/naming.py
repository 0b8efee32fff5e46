"""Names for segments, from rules over what their members are like. No Spark.

All names of a model speak of the same two measures, those in which its segments differ most: were
one of three one-time segments alone called so, the others would seem not to be. Further words are
said only where two names would be the same.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import pvariance

USUAL_MEASURES = 2
ONE_TIME_FREQUENCY = 1.05  # at most one customer in twenty has a second transaction
REPEAT_FREQUENCY = 1.5  # half of them have a second one
FREQUENT = 4.0  # two transactions in three months are a repeat, not a habit
ALIKE = 0.1  # standard deviations: segments that are closer are not told apart by a measure


@dataclass(frozen=True)
class SegmentFacts:
    """What a name may say; each a mapping from measure.

    deviations: (the segment's mean logarithm minus that of all customers) in standard deviations
    of all customers: where a typical member stands. ratios: mean over the mean of all customers: an
    index over 100. A measure that is unknown for all members is in neither. mean_frequency:
    transactions a customer.
    """

    deviations: Mapping[str, float]
    ratios: Mapping[str, float]
    mean_frequency: float


@dataclass(frozen=True)
class Wording:
    """The words of a measure, and how two segments that share them are told apart.

    steps: (deviation, word) from low to high: the last whose deviation is reached holds. A word
    that calls for less than usual holds only where the ratio is at most `most`, one that calls for
    more only where it is at least `least`; otherwise the word for near the average. Amounts are so
    skewed that the typical member of a segment can stand above most customers and its mean still be
    62 where 100 is the average: nobody should read "big" beside that.
    """

    steps: tuple[tuple[float, str], ...]
    usual: str
    lower: str
    higher: str
    most: float = 1.0
    least: float = 1.0

    def word(self, facts: SegmentFacts, measure: str) -> str:
        """Return the word for a segment; that for near the average when the measure is unknown."""
        deviation, ratio = facts.deviations.get(measure, 0.0), facts.ratios.get(measure, 1.0)
        below = [word for bound, word in self.steps if deviation <= bound < 0]
        above = [word for bound, word in self.steps if deviation >= bound > 0]
        if below and ratio <= self.most:
            return below[0]
        return above[-1] if above and ratio >= self.least else self.usual


# Spending is the noun; everything else describes it. In the order in which English puts them.
WORDINGS: dict[str, Wording] = {
    "recency": Wording(
        # Who buys twice was here last a week sooner, by chance alone: that is not "recently".
        ((-0.35, "recently active"), (0.35, "quiet")),
        usual="",
        lower="more recent",
        higher="less recent",
        most=2 / 3,
        least=3 / 2,
    ),
    "frequency": Wording(
        ((-0.35, "occasional"), (0.35, "repeat")),
        usual="",
        lower="fewer transactions",
        higher="more transactions",
    ),
    "average_balance": Wording(
        (
            (-1.0, "very low-balance"),
            (-0.35, "low-balance"),
            (0.35, "high-balance"),
            (1.0, "very high-balance"),
        ),
        usual="",
        lower="lower balances",
        higher="higher balances",
    ),
    "average_amount": Wording(
        (
            (-1.0, "very small spenders"),
            (-0.25, "small spenders"),
            (0.35, "big spenders"),
            (1.25, "very big spenders"),
        ),
        usual="medium spenders",
        lower="smaller amounts",
        higher="larger amounts",
    ),
}
NOUN_MEASURE = "average_amount"
NEUTRAL_NOUN = "customers"
AVERAGE_NAME = "Typical customers"
EMPTY_NAME = "Empty segment"


def segment_names(segments: Sequence[SegmentFacts]) -> list[str]:
    """Return a unique name a segment.

    Every name has a word for each of the two measures in which the segments differ most. Where two
    share a name, they get a word for a further measure, then a comparison ("…, higher balances"),
    and only if they are alike in everything a number.
    """
    spoken = sorted(WORDINGS, key=lambda measure: -_distance(segments, measure))[:USUAL_MEASURES]
    names = [_name(facts, spoken) for facts in segments]
    names = _apart(segments, names, partial(_further_word, spoken=spoken))
    names = _apart(segments, names, _comparison)
    return _apart(segments, names, _number)


def _distance(segments: Sequence[SegmentFacts], measure: str) -> float:
    """Return how far the segments are from all customers in a measure: the sum of squares."""
    return sum(facts.deviations.get(measure, 0.0) ** 2 for facts in segments)


def _name(facts: SegmentFacts, spoken: Collection[str]) -> str:
    if not facts.deviations:
        return EMPTY_NAME
    words = [_word(facts, measure) for measure in WORDINGS if measure in spoken]
    words = [word for word in words if word]
    if not words:
        return AVERAGE_NAME
    if NOUN_MEASURE not in spoken:
        words.append(NEUTRAL_NOUN)
    name = " ".join(words)
    return name[0].upper() + name[1:]


def _word(facts: SegmentFacts, measure: str) -> str:
    if measure not in facts.deviations:
        return ""
    word = WORDINGS[measure].word(facts, measure)
    if measure != "frequency":
        return word
    if facts.mean_frequency <= ONE_TIME_FREQUENCY:
        return "one-time"
    if word == "occasional":
        return word
    if word and facts.mean_frequency >= FREQUENT:
        return "frequent"
    return "repeat" if facts.mean_frequency >= REPEAT_FREQUENCY else ""


def _apart(
    segments: Sequence[SegmentFacts],
    names: Sequence[str],
    rename: Callable[[Sequence[SegmentFacts], str], list[str]],
) -> list[str]:
    """Rename those who share a name, but not to a name that another segment has."""
    renamed = list(names)
    for shared in [name for name, count in Counter(names).items() if count > 1]:
        places = [place for place, name in enumerate(names) if name == shared]
        found = rename([segments[place] for place in places], shared)
        for place, name in zip(places, found, strict=True):
            renamed[place] = shared if name in names else name
    return renamed


def _further_word(
    alike: Sequence[SegmentFacts], name: str, *, spoken: Collection[str]
) -> list[str]:
    """Say one more measure, that in which they differ most among those that have other words."""
    for measure in _told_apart_by(alike, [name for name in WORDINGS if name not in spoken]):
        if len({_word(facts, measure) for facts in alike}) > 1:
            return [_name(facts, [*spoken, measure]) for facts in alike]
    return [name] * len(alike)


def _comparison(alike: Sequence[SegmentFacts], name: str) -> list[str]:
    """Point out the lowest and the highest in the measure in which they differ most."""
    measure, *_ = _told_apart_by(alike, WORDINGS)
    values = [facts.deviations.get(measure, 0.0) for facts in alike]
    if max(values) - min(values) < ALIKE:
        return [name] * len(alike)
    said = {min(values): WORDINGS[measure].lower, max(values): WORDINGS[measure].higher}
    return [f"{name}, {said[value]}" if value in said else name for value in values]


def _number(alike: Sequence[SegmentFacts], name: str) -> list[str]:
    return [f"{name} ({place + 1})" if place else name for place in range(len(alike))]


def _told_apart_by(alike: Sequence[SegmentFacts], measures: Iterable[str]) -> list[str]:
    """Return the measures, that in which these segments differ most first."""

    def spread(measure: str) -> float:
        return pvariance([facts.deviations.get(measure, 0.0) for facts in alike])

    return sorted(measures, key=spread, reverse=True)
