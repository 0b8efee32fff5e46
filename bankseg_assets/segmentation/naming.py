"""Name segments by rules over their typical members. No Spark.

All names of a model use the same two measures, those in which its segments differ most: if only one
of three one-time segments were called so, the others would seem not to be. Further words are added
only to resolve duplicates.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from statistics import pvariance

from bankseg_assets.segmentation.segment_words import WORDINGS, SegmentFacts, words

USUAL_MEASURES = 2
ALIKE = 0.1  # standard deviations: closer segments are not distinguished by a measure
NOUN_MEASURE = "average_amount"
NEUTRAL_NOUN = "customers"
AVERAGE_NAME = "Typical customers"
EMPTY_NAME = "Empty segment"
ALL_NAME = "All customers"


def segment_names(segments: Sequence[SegmentFacts]) -> list[str]:
    """Return a unique name per segment.

    Every name has a word for each of the two measures in which the segments differ most. Duplicates
    get a word for a further measure, then a comparison ("…, higher balances"), and a number only if
    they do not differ in any measure. A segment of all customers is "All customers".
    """
    spoken = sorted(WORDINGS, key=lambda measure: -_distance(segments, measure))[:USUAL_MEASURES]

    def further_word(places: Sequence[int], name: str) -> list[str]:
        return _further_word(segments, places, name, spoken)

    def comparison(places: Sequence[int], name: str) -> list[str]:
        return _comparison([segments[place] for place in places], name)

    names = _apart(_apart(_names(segments, spoken), further_word), comparison)
    unique: list[str] = []
    for name in names:
        unique.append(free_name(name, unique))
    return unique


def free_name(name: str, taken: Collection[str]) -> str:
    """Return an unused name, by adding or changing a number if necessary."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{without_number(name)} ({number})"
    return found


def without_number(name: str) -> str:
    """Return a name as it was before `free_name`.

    >>> without_number("Big spenders (2)")
    'Big spenders'
    """
    return re.sub(r" \(\d+\)$", "", name)


def is_all_customers(facts: SegmentFacts, segments: Iterable[SegmentFacts]) -> bool:
    """Return whether all customers are in one segment."""
    return 0 < facts.customers == sum(other.customers for other in segments)


def _distance(segments: Iterable[SegmentFacts], measure: str) -> float:
    """Return the sum of squared deviations of the segments from all customers in a measure."""
    return sum(facts.deviations.get(measure, 0.0) ** 2 for facts in segments)


def _names(segments: Sequence[SegmentFacts], spoken: Collection[str]) -> list[str]:
    """Return names from the words of some measures, not yet unique."""
    said = [words(segments, measure) for measure in WORDINGS if measure in spoken]
    return [
        _name(facts, segments, [column[place] for column in said if column[place]])
        for place, facts in enumerate(segments)
    ]


def _name(facts: SegmentFacts, segments: Sequence[SegmentFacts], said: list[str]) -> str:
    if not facts.customers:
        return EMPTY_NAME
    if is_all_customers(facts, segments):
        return ALL_NAME
    if not said:
        return AVERAGE_NAME
    has_noun = said[-1] in WORDINGS[NOUN_MEASURE].words
    name = " ".join(said if has_noun else [*said, NEUTRAL_NOUN])
    return name[0].upper() + name[1:]


def _apart(names: Sequence[str], rename: Callable[[Sequence[int], str], list[str]]) -> list[str]:
    """Rename duplicates, but not to a name that another segment has."""
    renamed = list(names)
    for shared in [name for name, count in Counter(names).items() if count > 1]:
        places = [place for place, name in enumerate(names) if name == shared]
        for place, name in zip(places, rename(places, shared), strict=True):
            renamed[place] = shared if name in names else name
    return renamed


def _further_word(
    segments: Sequence[SegmentFacts], places: Sequence[int], name: str, spoken: Collection[str]
) -> list[str]:
    """Add the word of the measure in which they differ most and have different words."""
    alike = [segments[place] for place in places]
    for measure in _by_difference(alike, [name for name in WORDINGS if name not in spoken]):
        found = words(segments, measure)
        if len({found[place] for place in places}) > 1:
            names = _names(segments, [*spoken, measure])
            return [names[place] for place in places]
    return [name] * len(places)


def _comparison(alike: Sequence[SegmentFacts], name: str) -> list[str]:
    """Add a comparison to the lowest and highest in the measure in which they differ most."""
    known = [measure for measure in WORDINGS if all(measure in one.deviations for one in alike)]
    for measure in _by_difference(alike, known)[:1]:
        values = [facts.deviations[measure] for facts in alike]
        if max(values) - min(values) >= ALIKE:
            said = {min(values): WORDINGS[measure].lower, max(values): WORDINGS[measure].higher}
            return [f"{name}, {said[value]}" if value in said else name for value in values]
    return [name] * len(alike)


def _by_difference(alike: Sequence[SegmentFacts], measures: Iterable[str]) -> list[str]:
    """Return the measures by descending difference of these segments."""

    def spread(measure: str) -> float:
        return pvariance([facts.deviations.get(measure, 0.0) for facts in alike])

    return sorted(measures, key=spread, reverse=True)
