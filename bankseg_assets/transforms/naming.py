"""Names and sentences for segments, from rules over their profiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CLEAR = 0.35  # standard deviations (of the logarithm) from the average: worth a word
STRONG = 1.0  # worth a stronger word


@dataclass(frozen=True)
class Wording:
    """The words for a measure far below, below, above and far above the average."""

    far_below: str
    below: str
    above: str
    far_above: str

    def word(self, deviation: float) -> str:
        """Return the word for a deviation in standard deviations; empty near the average."""
        if abs(deviation) < CLEAR:
            return ""
        if deviation < 0:
            return self.far_below if deviation <= -STRONG else self.below
        return self.far_above if deviation >= STRONG else self.above


# Spending is the noun; everything else describes it. In the order in which English puts them.
WORDINGS: dict[str, Wording] = {
    "recency": Wording("just active", "recently active", "lapsing", "lapsed"),
    "frequency": Wording("occasional", "occasional", "repeat", "repeat"),
    "average_balance": Wording("very low-balance", "low-balance", "high-balance", "wealthy"),
    "average_amount": Wording(
        "very small spenders", "small spenders", "above-average spenders", "big spenders"
    ),
}
NOUN_MEASURE = "average_amount"
NEUTRAL_NOUN = "customers"
AVERAGE_NAME = "Typical customers"
USUAL_WORDS = 2
ONE_TIME_FREQUENCY = 1.05  # at most one customer in twenty has a second transaction
FREQUENT = 4.0  # two transactions in three months are a repeat, not a habit


@dataclass(frozen=True)
class SegmentFacts:
    """What a name may say.

    deviations: measure -> (the segment's mean logarithm minus that of all customers) in standard
    deviations of all customers. mean_frequency: transactions a customer.
    """

    deviations: Mapping[str, float]
    mean_frequency: float

    def word(self, measure: str) -> str:
        """Return the word for a measure; empty near the average or when the measure is unknown."""
        word = WORDINGS[measure].word(self.deviations.get(measure, 0.0))
        if measure == "frequency" and word:
            if self.mean_frequency <= ONE_TIME_FREQUENCY:
                return "one-time"
            if self.mean_frequency >= FREQUENT:
                return "frequent"
        return word


def segment_names(segments: Sequence[SegmentFacts]) -> list[str]:
    """Return a unique name a segment, from its strongest deviations.

    Where two segments would share a name, all their words are used, and in the end a number.
    """
    names = [_name(facts, USUAL_WORDS) for facts in segments]
    names = [
        _name(facts, len(WORDINGS)) if names.count(name) > 1 else name
        for name, facts in zip(names, segments, strict=True)
    ]
    return _numbered(names)


def _name(facts: SegmentFacts, most_words: int) -> str:
    spoken = {measure: word for measure in WORDINGS if (word := facts.word(measure))}
    strongest = sorted(spoken, key=lambda measure: -abs(facts.deviations[measure]))[:most_words]
    words = [spoken[measure] for measure in WORDINGS if measure in strongest]
    if not words:
        return AVERAGE_NAME
    if NOUN_MEASURE not in strongest:
        words.append(NEUTRAL_NOUN)
    name = " ".join(words)
    return name[0].upper() + name[1:]


def _numbered(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return unique
