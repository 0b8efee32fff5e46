"""Check by their words whether names still fit their segments. No Spark."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import permutations

from bankseg_assets.segmentation.naming import (
    ALL_NAME,
    EMPTY_NAME,
    is_all_customers,
    without_number,
)
from bankseg_assets.segmentation.segment_words import WORDINGS, SegmentFacts, word_holds


def contradicted(names: Sequence[str], segments: Sequence[SegmentFacts]) -> set[int]:
    """Return the indices of names that the segments' numbers contradict.

    A word may contradict its own segment ("one-time", but half of them came twice), or the word of
    another segment ("small" beside a "medium" with a lower value). Unknown names are never
    contradicted.
    """
    found = {
        place
        for place, (name, facts) in enumerate(zip(names, segments, strict=True))
        if not _describes(name, facts, segments)
    }
    for low, high in permutations(range(len(names)), 2):
        for measure in WORDINGS:
            numbers = [segments[place].medians.get(measure) for place in (low, high)]
            if None not in numbers and _says_less(names[low], names[high], measure):
                one, other = (value for value in numbers if value is not None)
                # Half of one segment and all of another may have one transaction: the medians are
                # equal.
                if one > other or (one == other and measure != "frequency"):
                    found |= {low, high}
    return found


def _describes(name: str, facts: SegmentFacts, segments: Sequence[SegmentFacts]) -> bool:
    """Return whether each word of a name fits the segment, regardless of the others."""
    base, _ = _parts(name)
    if (base == ALL_NAME) != is_all_customers(facts, segments):
        return False
    if (base == EMPTY_NAME) != (facts.customers == 0):
        return False
    said = {measure: _word_in(base, measure) for measure in WORDINGS}
    return all(word_holds(word, measure, facts) for measure, word in said.items() if word)


def _says_less(low: str, high: str, measure: str) -> bool:
    """Return whether the first name claims a lower level of a measure than the second."""
    wording = WORDINGS[measure]
    (base, compared), (other_base, other_compared) = _parts(low), _parts(high)
    if base == other_base:
        order = (wording.lower, "", wording.higher)
        places = [order.index(one) if one in order else 1 for one in (compared, other_compared)]
    else:
        said = [_word_in(one, measure) for one in (base, other_base)]
        if "" in said:
            return False
        places = [wording.words.index(word) for word in said]
    return places[0] < places[1]


def _parts(name: str) -> tuple[str, str]:
    """Split a name into its words, without number, and its comparison."""
    base, _, compared = without_number(name).partition(", ")
    return base, compared


@cache
def _word_in(base: str, measure: str) -> str:
    """Return the word in a name for a measure; empty if there is none."""
    said = [
        word
        for word in WORDINGS[measure].words
        if word and re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", base, re.IGNORECASE)
    ]
    return max(said, key=len, default="")  # "very small spenders" contains "small spenders"
