"""Words for the level of a segment in each measure, consistent over all segments. No Spark.

They depend on the number that the profile's sentence shows: the median, to three digits. So a
segment with a higher word never shows a lower number. Words that claim more than an order
("one-time", "quiet", "overdrawn") have an absolute limit as well.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

ONE_TIME_SHARE = 0.95  # at most one customer in twenty has a second transaction
REPEAT = 2  # at least half of them have a second one
FREQUENT = 4  # two transactions in three months are a repeat, not a habit
FREQUENT_A_MONTH = 1.25
REGULAR_A_MONTH = 2.0  # 78 transactions in 92 days are not occasional, regardless of others
RECENT_DAYS = 31  # a visit before that is not recent, regardless of others
QUIET_DAYS = 30
DAYS_A_MONTH = 30.44
USUAL = ""


@dataclass(frozen=True)
class SegmentFacts:
    """The facts that a segment's name is based on; the mappings are keyed by measure.

    medians: as displayed in the profile; a measure that most members, or fewer than 11, lack is in
    none of the mappings. deviations: the median's logarithm minus the mean logarithm of all
    customers, in standard deviations of all customers; without constant measures. ratios: mean over
    the mean of all customers (index / 100), if that is positive. one_time_share: share of the
    members with one transaction. days: the greatest recency of all customers, a lower bound of the
    days in the data.
    """

    customers: int = 0
    medians: Mapping[str, float] = field(default_factory=dict)
    deviations: Mapping[str, float] = field(default_factory=dict)
    ratios: Mapping[str, float] = field(default_factory=dict)
    one_time_share: float = 0.0
    days: float = 1.0

    @property
    def transactions_a_month(self) -> float:
        """Upper bound of a typical member's transactions per month; the data may span more days."""
        return self.medians.get("frequency", 0.0) / max(self.days, 1.0) * DAYS_A_MONTH


@dataclass(frozen=True)
class Wording:
    """The words of a measure, and those to compare two segments with the same words.

    words: from the lowest to the highest; USUAL is the empty text. steps: the deviations at which a
    level is reached; negative ones count down. A level below the usual one requires a ratio of at
    most `most`, one above at least `least`: amounts are so skewed that the typical member of a
    segment can be above most customers while its mean has an index of 62 (average 100), which
    contradicts "big". word: (facts, level) -> the word, which must be monotonic in the median and
    the level.
    """

    words: tuple[str, ...]
    steps: tuple[float, ...]
    word: Callable[[SegmentFacts, int], str]
    lower: str
    higher: str
    most: float = 1.0
    least: float = 1.0

    def possible_levels(self, facts: SegmentFacts, measure: str) -> tuple[int, int]:
        """Return the lowest and highest level that the ratio permits."""
        ratio = facts.ratios.get(measure)
        lowest = -sum(step < 0 for step in self.steps)
        highest = sum(step > 0 for step in self.steps)
        if ratio is None:
            return lowest, highest
        return lowest * (ratio <= self.most), highest * (ratio >= self.least)

    def own_level(self, facts: SegmentFacts, measure: str) -> int:
        """Return how many steps a segment is above or below the usual, by its own facts."""
        deviation = facts.deviations.get(measure, 0.0)
        below = sum(deviation <= step for step in self.steps if step < 0)
        above = sum(deviation >= step for step in self.steps if step > 0)
        lowest, highest = self.possible_levels(facts, measure)
        return min(max(above - below, lowest), highest)


def _recency(facts: SegmentFacts, level: int) -> str:
    days = facts.medians["recency"]
    if level < 0 and days <= RECENT_DAYS:
        return "recently active"
    return "quiet" if level > 0 and days >= QUIET_DAYS else USUAL


def _frequency(facts: SegmentFacts, level: int) -> str:
    times, rate = facts.medians["frequency"], facts.transactions_a_month
    if facts.one_time_share >= ONE_TIME_SHARE:
        return "one-time"
    if level < 0:
        return "occasional" if rate < REGULAR_A_MONTH else "less frequent"
    if level > 0 and times >= FREQUENT and rate >= FREQUENT_A_MONTH:
        return "frequent"
    if times < REPEAT:
        return USUAL
    return "repeat" if rate < REGULAR_A_MONTH else "regular"


def _balance(facts: SegmentFacts, level: int) -> str:
    if facts.medians["average_balance"] < 0:
        return "overdrawn"
    words = ("very low-balance", "low-balance", USUAL, "high-balance", "very high-balance")
    return USUAL if facts.medians["average_balance"] == 0 and level > 0 else words[level + 2]


def _amount(facts: SegmentFacts, level: int) -> str:
    amount = facts.medians["average_amount"]
    if amount <= 0:
        return "customers with net refunds" if amount < 0 else "customers without spending"
    sizes = ("very small", "small", "medium", "big", "very big")
    return f"{sizes[level + 2]} spenders"


# Spending is the noun, the other words are adjectives, in the order of English.
WORDINGS: dict[str, Wording] = {
    "recency": Wording(
        ("recently active", USUAL, "quiet"),
        # A second purchase makes the last visit a week later by chance alone: that is not
        # "recently".
        (-0.35, 0.35),
        _recency,
        lower="more recent",
        higher="less recent",
        most=2 / 3,
        least=3 / 2,
    ),
    "frequency": Wording(
        ("one-time", "occasional", "less frequent", USUAL, "repeat", "regular", "frequent"),
        (-0.35, 0.35),
        _frequency,
        lower="fewer transactions",
        higher="more transactions",
    ),
    "average_balance": Wording(
        (
            *("overdrawn", "very low-balance", "low-balance"),
            *(USUAL, "high-balance", "very high-balance"),
        ),
        (-1.0, -0.35, 0.35, 1.0),
        _balance,
        lower="lower balances",
        higher="higher balances",
    ),
    "average_amount": Wording(
        (
            *("customers with net refunds", "customers without spending", "very small spenders"),
            *("small spenders", "medium spenders", "big spenders", "very big spenders"),
        ),
        (-1.0, -0.25, 0.35, 1.25),
        _amount,
        lower="smaller amounts",
        higher="larger amounts",
    ),
}


def words(segments: Sequence[SegmentFacts], measure: str) -> list[str]:
    """Return the word of each segment in a measure; USUAL if unknown or equal for all."""
    wording = WORDINGS[measure]
    return [
        USUAL if level is None else wording.word(facts, level)
        for facts, level in zip(segments, _levels(segments, measure), strict=True)
    ]


def word_holds(word: str, measure: str, facts: SegmentFacts) -> bool:
    """Return whether a word fits a segment at some level, ignoring the order of segments."""
    if measure not in facts.medians:
        return False
    wording = WORDINGS[measure]
    lowest, highest = wording.possible_levels(facts, measure)
    return word in {wording.word(facts, level) for level in range(lowest, highest + 1)}


def _levels(segments: Sequence[SegmentFacts], measure: str) -> list[int | None]:
    """Return levels that increase with the median: 0 is the usual one, None an unknown one.

    A segment is above the usual only if all with an equal or higher median are, and below it only
    if all with an equal or lower median are.
    """
    known = [
        (facts.medians[measure], WORDINGS[measure].own_level(facts, measure))
        for facts in segments
        if measure in facts.deviations
    ]

    def level(median: float) -> int:
        above = min(max(own, 0) for other, own in known if other >= median)
        below = max(min(own, 0) for other, own in known if other <= median)
        return above + below

    return [
        level(facts.medians[measure]) if measure in facts.deviations else None for facts in segments
    ]
