"""Whether names still fit their segments, by the words in them. No Spark."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import permutations

from bankseg_assets.segmentation.naming import ALL_NAME, EMPTY_NAME, is_everybody, without_number
from bankseg_assets.segmentation.segment_words import WORDINGS, SegmentFacts, word_holds


def contradicted(names: Sequence[str], segments: Sequence[SegmentFacts]) -> set[int]:
    """Return the places of the names that the segments' numbers do not bear out.

    A word contradicts its own segment ("one-time", and half of them came twice), or two words each
    other ("small" beside a "medium" that shows less). A name that no rule gave claims nothing.
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
                # Half of one segment and all of another may have one transaction: both medians.
                if one > other or (one == other and measure != "frequency"):
                    found |= {low, high}
    return found


def _describes(name: str, facts: SegmentFacts, segments: Sequence[SegmentFacts]) -> bool:
    """Tell whether each word of a name fits the segment, whatever the others are like."""
    base, _ = _parts(name)
    if (base == ALL_NAME) != is_everybody(facts, segments):
        return False
    if (base == EMPTY_NAME) != (facts.customers == 0):
        return False
    said = {measure: _word_in(base, measure) for measure in WORDINGS}
    return all(word_holds(word, measure, facts) for measure, word in said.items() if word)


def _says_less(low: str, high: str, measure: str) -> bool:
    """Tell whether the first name says less of a measure than the second."""
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
    """Return a name without its comparison and its number, and the comparison."""
    base, _, compared = without_number(name).partition(", ")
    return base, compared


@cache
def _word_in(base: str, measure: str) -> str:
    """Return the word that a name says of a measure; empty where it says none."""
    said = [
        word
        for word in WORDINGS[measure].words
        if word and re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", base, re.IGNORECASE)
    ]
    return max(said, key=len, default="")  # "very small spenders" holds "small spenders"
