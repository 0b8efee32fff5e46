"""Keep numbers, names and colours of segments stable between the model in use and a new one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from bankseg_assets.segmentation.name_claims import contradicted
from bankseg_assets.segmentation.naming import free_name, segment_names
from bankseg_assets.segmentation.segment_words import SegmentFacts
from bankseg_assets.stats.agreement import adjusted_rand_index, overlap
from bankseg_assets.stats.arrays import Array
from bankseg_assets.stats.rounding import SUM_DIGITS, rounded

# Below half, a cluster has dissolved (Hennig, Cluster-wise assessment of cluster stability, 2007).
LEAST_OVERLAP = 0.5
# A name is kept while every measure's deviation moves by less than this (standard deviations of all
# customers; the words change at 0.35 and 1.0) and no number contradicts it.
NAME_SLACK = 0.25


@dataclass(frozen=True)
class SegmentMatching:
    """A matching of new segments to those of the model in use.

    order: (k,), number i was the fit's segment order[i]. overlaps: (k,), the Jaccard index of
    matched segments, None for a new one. kept: the share of customers whose number is unchanged.
    agreement: the adjusted Rand index. sentence: a summary for display.
    """

    order: list[int]
    continued: list[int | None]
    overlaps: list[float | None]
    kept: float
    agreement: float
    sentence: str


def match(table: Array) -> SegmentMatching:
    """Match k new segments to l segments in use, maximizing the customers that keep their number.

    `table`: (l, k), customers in segment i of the model in use and j of the new one. An assignment
    problem (scipy's linear_sum_assignment). Numbers run from 0 to k - 1: with fewer segments than
    before, one whose number no longer exists takes a free one, and the sentence says so.
    """
    from scipy.optimize import linear_sum_assignment

    before, k = table.shape
    old, new = linear_sum_assignment(table, maximize=True)
    shares = overlap(table)
    pairs = {int(j): int(i) for i, j in zip(old, new, strict=True) if shares[i, j] >= LEAST_OVERLAP}
    wanted = {i: j for j, i in pairs.items() if i < k}
    others = [j for j in range(k) if j not in wanted.values()]
    order = [wanted[place] if place in wanted else others.pop(0) for place in range(k)]
    continued = [pairs.get(j) for j in order]
    overlaps = [
        None if i is None else float(round(shares[i, j], 6))
        for i, j in zip(continued, order, strict=True)
    ]
    stayed = sum(table[place, j] for place, j in enumerate(order) if place < before)
    return SegmentMatching(
        order=order,
        continued=continued,
        overlaps=overlaps,
        kept=float(round(stayed / max(table.sum(), 1), 6)),
        agreement=float(round(adjusted_rand_index(table), 6)),
        sentence=_sentence(continued, overlaps, before, stayed / max(table.sum(), 1)),
    )


def kept_names(
    facts: Sequence[SegmentFacts],
    names: Sequence[str],
    named_for: Sequence[dict[str, float]],
    continued: Sequence[int | None],
) -> tuple[list[str], list[dict[str, float]]]:
    """Return the names of new segments, and the deviations that each name is based on.

    `facts`: of the new segments (k,). `names`, `named_for`: of the model in use (l,). A matched
    segment keeps its name unless its numbers have moved or contradict the name, alone or beside the
    names of the others. A new segment does not get the name of a dissolved one: customers who move
    from one to the other would seem to have stayed.
    """
    fresh = segment_names(facts)
    reasons = [_reasons(fact) for fact in facts]
    kept = {
        place: previous
        for place, previous in enumerate(continued)
        if previous is not None and _deviations_unchanged(named_for[previous], reasons[place])
    }
    dissolved = {name for i, name in enumerate(names) if i not in continued}
    while True:
        old = {place: names[previous] for place, previous in kept.items()}
        found = _with_kept(fresh, old, dissolved)
        wrong = contradicted(found, facts) & kept.keys()
        if not wrong:
            break
        kept = {place: previous for place, previous in kept.items() if place not in wrong}
    return found, [
        named_for[kept[place]] if place in kept else reasons[place] for place in range(len(facts))
    ]


def kept_colours(colours: Sequence[int], continued: Sequence[int | None]) -> list[int]:
    """Return a colour number per segment: that of the matched segment, otherwise an unused one."""
    fresh = (colour for colour in count() if colour not in colours)
    return [colours[previous] if previous is not None else next(fresh) for previous in continued]


def kept_ids(
    ids: Sequence[int], given: int, continued: Sequence[int | None]
) -> tuple[list[int], int]:
    """Return an ID per segment, and how many IDs have been given by then.

    A matched segment keeps its ID; another gets one that no segment has had, of all those `given`
    since the first release. So the ID of a dissolved segment is not used again.
    """
    fresh = count(max([given, *(one + 1 for one in ids)]))
    found = [ids[previous] if previous is not None else next(fresh) for previous in continued]
    return found, next(fresh)


def _deviations_unchanged(before: dict[str, float], now: dict[str, float]) -> bool:
    return before.keys() == now.keys() and all(
        abs(before[measure] - value) < NAME_SLACK for measure, value in now.items()
    )


def _with_kept(
    fresh: Sequence[str], kept: Mapping[int, str], dissolved: Collection[str]
) -> list[str]:
    """Return the new names with kept ones in their place, without duplicates or dissolved ones."""
    found: list[str] = []
    for place, suggestion in enumerate(fresh):
        taken = {*kept.values(), *found, *dissolved}
        found.append(kept[place] if place in kept else free_name(suggestion, taken))
    return found


def _reasons(facts: SegmentFacts) -> dict[str, float]:
    return {name: rounded(value, SUM_DIGITS) for name, value in facts.deviations.items()}


def _sentence(
    continued: Sequence[int | None], overlaps: Sequence[float | None], before: int, kept: float
) -> str:
    text = f"{kept:.1%} of the customers keep their segment number."
    new = [place for place, previous in enumerate(continued) if previous is None]
    gone = sorted(set(range(before)) - {i for i in continued if i is not None})
    moved = [(i, place) for place, i in enumerate(continued) if i is not None and i != place]
    if new:
        text += f" New, because they continue no segment of the model in use: {_numbers(new)}."
    if gone:
        text += f" Dissolved: {_numbers(gone)}."
    if moved:
        text += " Renumbered, because there are fewer segments now: "
        text += ", ".join(f"{i} is now {place}" for i, place in moved) + "."
    known = [value for value in overlaps if value is not None]
    if known:
        text += f" The smallest overlap of a continued segment is {min(known):.0%}."
    return text


def _numbers(places: Sequence[int]) -> str:
    return ", ".join(str(place) for place in places)
