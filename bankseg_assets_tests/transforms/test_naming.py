"""A segment's name is unique and says only what its profile says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.transforms.naming import (
    AVERAGE_NAME,
    CLEAR,
    FREQUENT,
    ONE_TIME_FREQUENCY,
    STRONG,
    WORDINGS,
    SegmentFacts,
    segment_names,
)

FACTS = st.builds(
    SegmentFacts,
    deviations=st.dictionaries(st.sampled_from(list(WORDINGS)), st.floats(-3, 3)),
    mean_frequency=st.floats(1, 10),
)


def facts(*, mean_frequency: float = 2.0, **deviations: float) -> SegmentFacts:
    return SegmentFacts(deviations, mean_frequency)


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (facts(), AVERAGE_NAME),
        (facts(recency=CLEAR - 0.01, average_amount=0.01 - CLEAR), AVERAGE_NAME),
        (facts(average_amount=STRONG), "Big spenders"),
        (facts(average_amount=CLEAR), "Above-average spenders"),
        (facts(average_amount=-CLEAR), "Small spenders"),
        (facts(average_amount=-STRONG), "Very small spenders"),
        (facts(average_balance=2.0), "Wealthy customers"),
        (facts(average_balance=-0.5, average_amount=0.5), "Low-balance above-average spenders"),
        (
            facts(recency=1.5, average_balance=0.5, average_amount=-1.2),
            "Lapsed very small spenders",
        ),
        (facts(frequency=1.0), "Repeat customers"),
        (facts(frequency=-0.5), "Occasional customers"),
        (facts(frequency=-0.5, mean_frequency=ONE_TIME_FREQUENCY), "One-time customers"),
        (facts(frequency=0.5, mean_frequency=FREQUENT), "Frequent customers"),
    ],
)
def test_the_two_strongest_deviations_make_the_name(found: SegmentFacts, name: str) -> None:
    assert segment_names([found]) == [name]


def test_segments_that_would_share_a_name_say_more() -> None:
    strong = {"average_balance": 2.0, "average_amount": 2.0}
    names = segment_names([facts(**strong, recency=0.5), facts(**strong, recency=-0.5)])
    assert names == ["Lapsing wealthy big spenders", "Recently active wealthy big spenders"]


def test_segments_that_are_alike_in_everything_are_numbered() -> None:
    assert segment_names([facts(), facts(), facts()]) == [
        AVERAGE_NAME,
        f"{AVERAGE_NAME} (2)",
        f"{AVERAGE_NAME} (3)",
    ]


@given(st.lists(FACTS, max_size=10))
def test_names_are_unique_and_capitalised(segments: list[SegmentFacts]) -> None:
    names = segment_names(segments)
    assert len(set(names)) == len(names) == len(segments)
    assert all(name[0].isupper() for name in names)


@given(FACTS)
def test_a_word_is_never_said_against_the_figures(found: SegmentFacts) -> None:
    name = segment_names([found])[0].lower()
    for measure, wording in WORDINGS.items():
        deviation = found.deviations.get(measure, 0.0)
        for word in {wording.below, wording.far_below}:
            assert (word in name) <= (deviation <= -CLEAR)
        for word in {wording.above, wording.far_above}:
            assert (word in name) <= (deviation >= CLEAR)
    assert ("one-time" in name) <= (found.mean_frequency <= ONE_TIME_FREQUENCY)
    assert ("frequent" in name) <= (found.mean_frequency >= FREQUENT)
