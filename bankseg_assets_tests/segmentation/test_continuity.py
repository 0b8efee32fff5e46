"""New segments continue those in use if most of their customers are the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bankseg_assets.segmentation.continuity import (
    NAME_SLACK,
    kept_colours,
    kept_ids,
    kept_names,
    match,
)
from bankseg_assets.segmentation.name_claims import contradicted
from bankseg_assets.segmentation.naming import segment_names
from bankseg_assets.segmentation.segment_words import SegmentFacts
from bankseg_assets_tests.segmentation.segment_facts import described, facts


def test_match_keeps_numbers_of_continued_segments() -> None:
    found = match(np.array([[1.0, 90.0, 0.0], [0.0, 2.0, 50.0], [40.0, 0.0, 3.0]]))
    assert found.order == [1, 2, 0]
    assert found.continued == [0, 1, 2]
    assert found.overlaps == [round(90 / 93, 6), round(50 / 55, 6), round(40 / 44, 6)]
    assert found.kept == round(180 / 186, 6)
    assert found.sentence == (
        "96.8% of the customers keep their segment number. The smallest overlap of a continued "
        "segment is 91%."
    )


def test_match_reports_new_segment() -> None:
    found = match(np.array([[50.0, 50.0, 0.0], [0.0, 0.0, 80.0], [30.0, 30.0, 0.0]]))
    assert found.continued.count(None) == 2
    assert found.order[1] == 2
    assert "New, because they continue no segment of the model in use: 0, 2." in found.sentence
    assert "Dissolved: 0, 2." in found.sentence


def test_match_numbers_additional_segment_next() -> None:
    found = match(np.array([[0.0, 70.0, 30.0], [60.0, 0.0, 0.0]]))
    assert (found.order, found.continued) == ([1, 0, 2], [0, 1, None])
    assert kept_colours([5, 0], found.continued) == [5, 0, 1]


def test_match_reports_dropped_number() -> None:
    found = match(np.array([[80.0, 0.0], [20.0, 5.0], [0.0, 90.0]]))
    assert (found.order, found.continued) == ([0, 1], [0, 2])
    assert "Dissolved: 1." in found.sentence
    assert "Renumbered, because there are fewer segments now: 2 is now 1." in found.sentence
    assert kept_colours([0, 1, 2], found.continued) == [0, 2]


@given(st.permutations(range(5)))
def test_match_ignores_order_of_segments(order: list[int]) -> None:
    found = match(np.diag([10.0, 20.0, 30.0, 40.0, 50.0])[order])
    assert [order[place] for place in range(5)] == found.order
    assert (found.kept, found.agreement) == (1.0, 1.0)


def kept(segments: list[SegmentFacts], names: list[str], continued: list[int | None]) -> list[str]:
    """Return the names kept from a model in use with the same numbers."""
    reasons = [dict(facts.deviations) for facts in segments]
    found, named_for = kept_names(segments, names, reasons, continued)
    assert named_for == reasons
    return found


def test_name_is_kept_while_numbers_are_stable() -> None:
    segments = [facts({"average_amount": value}) for value in (0.5, 0.9, 0.1)]
    before = [{"average_amount": 0.5 + NAME_SLACK / 2}, {"average_amount": 0.9 - 2 * NAME_SLACK}]
    names, named_for = kept_names(segments, ["Winners", "Asleep"], before, [0, 1, None])
    assert names == ["Winners", "Big spenders, larger amounts", "Medium spenders"]
    assert named_for == [before[0], {"average_amount": 0.9}, {"average_amount": 0.1}]


def test_new_segment_does_not_get_the_name_of_a_dissolved_one() -> None:
    """Segment 1 is dissolved; a new one with the same words must not seem to continue it."""
    segments = [facts({"average_amount": 0.9}), facts({"average_amount": 0.1})]
    names, _ = kept_names(
        segments,
        ["Winners", "Medium spenders"],
        [{"average_amount": 0.9}, {"average_amount": 0.1}],
        [0, None],
    )
    assert names == ["Winners", "Medium spenders (2)"]


def test_ids_of_dissolved_segments_are_not_used_again() -> None:
    ids, given = kept_ids([], 0, [None, None, None])
    assert (ids, given) == ([0, 1, 2], 3)
    ids, given = kept_ids(ids, given, [0, 1])  # 2 is dissolved
    assert (ids, given) == ([0, 1], 3)
    ids, given = kept_ids(ids, given, [1, None])  # 0 is dissolved
    assert (ids, given) == ([1, 3], 4)
    ids, given = kept_ids(ids, given, [None, 1, None])
    assert (ids, given) == ([4, 3, 5], 6)


@given(st.lists(st.lists(st.integers(0, 4), max_size=5, unique=True), max_size=8))
def test_id_stands_for_one_segment_over_releases(releases: list[list[int]]) -> None:
    """Each release continues some segments of the previous one and has some new ones."""
    ids, given = kept_ids([], 0, [None] * 5)
    dissolved: set[int] = set()
    for wanted in releases:
        continued = [one if one < len(ids) else None for one in wanted] or [None]
        new, given = kept_ids(ids, given, continued)
        assert not dissolved & set(new)
        assert len(set(new)) == len(new)
        dissolved |= set(ids) - set(new)
        ids = new


def test_kept_name_is_unique() -> None:
    segments = [facts({"average_amount": 0.36}), facts({"average_amount": 0.1})]
    assert kept(segments, ["Medium spenders"], [0, None]) == [
        "Medium spenders",
        "Medium spenders (2)",
    ]


@pytest.mark.parametrize(
    ("found", "name", "now"),
    [
        (facts({"frequency": 0.0}, frequency=1, one_time_share=0.6), "One-time customers", ""),
        (facts({"recency": 1.0}, recency=200), "Recently active customers", "Quiet customers"),
        (facts({"average_balance": 0.5}, average_balance=-4), "High-balance customers", ""),
        (facts({"average_balance": 0.5}), "All customers", "High-balance customers"),
    ],
)
def test_outdated_kept_name_is_replaced(found: SegmentFacts, name: str, now: str) -> None:
    others = facts(customers=5_000)
    names = kept([found, others], [name, "Others"], [0, 1])
    assert names[0] == (now or segment_names([found, others])[0]) != name


def test_contradicted_kept_name_is_replaced() -> None:
    """Small spenders, USD 276 each, beside medium ones, USD 234 each: neither name is kept."""
    small, medium = (facts({"average_amount": value}) for value in (0.0, -0.2))
    assert kept([small, medium], ["Small spenders", "Medium spenders"], [0, 1]) == [
        "Medium spenders, larger amounts",
        "Medium spenders, smaller amounts",
    ]


def test_reversed_kept_comparison_is_replaced() -> None:
    segments = [facts({"average_amount": value}) for value in (0.1, 0.3)]
    names = kept(segments, ["Medium spenders, larger amounts", "Medium spenders"], [0, 1])
    assert names == ["Medium spenders, smaller amounts", "Medium spenders, larger amounts"]


@pytest.mark.slow
@settings(deadline=None)
@given(st.data(), described(least=1))
def test_kept_names_contradict_no_number(data: st.DataObject, segments: list[SegmentFacts]) -> None:
    """Names of another model, any of which may be continued by any segment."""
    others = data.draw(described(least=len(segments)))
    names = segment_names(others)[: len(segments)]
    numbers = [*range(len(names)), *[None] * len(segments)]
    continued = data.draw(st.permutations(numbers))[: len(segments)]
    named_for: list[dict[str, float]] = [{} for _ in names]
    for place, previous in enumerate(continued):
        if previous is not None:
            named_for[previous] = dict(segments[place].deviations)  # no number has changed
    found, _ = kept_names(segments, names, named_for, continued)
    assert contradicted(found, segments) == set()
    assert len(set(found)) == len(found)
