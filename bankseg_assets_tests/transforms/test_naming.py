"""A segment's name is unique, says only what its profile says, and speaks as the others do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.transforms.naming import (
    AVERAGE_NAME,
    EMPTY_NAME,
    FREQUENT,
    ONE_TIME_FREQUENCY,
    REPEAT_FREQUENCY,
    WORDINGS,
    SegmentFacts,
    segment_names,
)

MEASURES = list(WORDINGS)
FACTS = st.builds(
    SegmentFacts,
    deviations=st.dictionaries(st.sampled_from(MEASURES), st.floats(-3, 3)),
    ratios=st.fixed_dictionaries({measure: st.floats(0.01, 10) for measure in MEASURES}),
    mean_frequency=st.floats(1, 10),
)


def facts(
    *, mean_frequency: float = 2.0, ratios: dict[str, float] | None = None, **deviations: float
) -> SegmentFacts:
    """Return facts whose means stand where the typical members do, unless `ratios` say else."""
    usual = {name: 2.0**deviation for name, deviation in deviations.items()}
    return SegmentFacts(deviations, usual | (ratios or {}), mean_frequency)


def spending(deviation: float, *, ratio: float | None = None) -> SegmentFacts:
    ratios = {} if ratio is None else {"average_amount": ratio}
    return facts(average_amount=deviation, ratios=ratios)


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (spending(-1.0), "Very small spenders"),
        (spending(-0.25), "Small spenders"),
        (spending(-0.24), "Medium spenders"),
        (spending(0.34), "Medium spenders"),
        (spending(0.35), "Big spenders"),
        (spending(1.25), "Very big spenders"),
        (facts(average_balance=2.0), "Very high-balance customers"),
        (facts(average_balance=-0.5), "Low-balance customers"),
        (facts(recency=1.0), "Quiet customers"),
        (facts(recency=-1.0), "Recently active customers"),
        (facts(recency=0.0), AVERAGE_NAME),
        (facts(frequency=1.0), "Repeat customers"),
        (facts(frequency=0.0), "Repeat customers"),
        (facts(frequency=0.0, mean_frequency=REPEAT_FREQUENCY - 0.01), AVERAGE_NAME),
        (facts(frequency=-0.5), "Occasional customers"),
        (facts(frequency=-0.5, mean_frequency=ONE_TIME_FREQUENCY), "One-time customers"),
        (facts(frequency=0.5, mean_frequency=FREQUENT), "Frequent customers"),
        (SegmentFacts({}, {}, 0.0), EMPTY_NAME),
    ],
)
def test_a_deviation_has_its_word(found: SegmentFacts, name: str) -> None:
    assert segment_names([found]) == [name]


def test_no_segment_is_called_big_whose_mean_is_below_the_average() -> None:
    """The typical amount of a third of the real customers is 838, of all 500, the mean 1,579."""
    assert segment_names([spending(0.38, ratio=0.62)]) == ["Medium spenders"]
    assert segment_names([spending(-0.5, ratio=1.2)]) == ["Medium spenders"]


def test_a_week_more_or_less_is_neither_recent_nor_quiet() -> None:
    """Two transactions lie nearer to the snapshot than one by chance: 47 days, of all 56."""
    assert segment_names([facts(recency=-0.5, ratios={"recency": 0.86})]) == [AVERAGE_NAME]
    assert segment_names([facts(recency=0.6, ratios={"recency": 1.22})]) == [AVERAGE_NAME]


def test_all_names_speak_of_the_two_measures_in_which_the_segments_differ_most() -> None:
    once = {"frequency": -0.4, "mean_frequency": 1.0, "average_balance": -0.5}
    names = segment_names(
        [
            facts(average_amount=-0.9, **once),
            facts(average_amount=0.1, **once),
            facts(average_amount=0.2, frequency=2.2, mean_frequency=2.1, average_balance=0.4),
        ]
    )
    assert names == [
        "One-time small spenders",
        "One-time medium spenders",
        "Repeat medium spenders",
    ]


def test_segments_that_would_share_a_name_get_a_word_for_a_further_measure() -> None:
    strong = {"average_amount": 1.0, "frequency": 1.0}
    weak = facts(average_amount=-1.0, frequency=-1.0)
    names = segment_names([facts(**strong, average_balance=0.5), facts(**strong), weak])
    assert names == [
        "Repeat high-balance big spenders",
        "Repeat big spenders",
        "Occasional very small spenders",
    ]


def test_segments_that_share_all_words_are_compared_in_what_differs_most() -> None:
    names = segment_names([spending(0.1), spending(0.3), spending(-0.2)])
    assert names == [
        "Medium spenders",
        "Medium spenders, larger amounts",
        "Medium spenders, smaller amounts",
    ]


def test_segments_that_are_alike_in_everything_are_numbered() -> None:
    assert segment_names([spending(0.0), spending(0.01), spending(0.0)]) == [
        "Medium spenders",
        "Medium spenders (2)",
        "Medium spenders (3)",
    ]


@given(st.lists(FACTS, max_size=10))
def test_names_are_unique_and_capitalised(segments: list[SegmentFacts]) -> None:
    names = segment_names(segments)
    assert len(set(names)) == len(names) == len(segments)
    assert all(name[0].isupper() for name in names)


@given(st.lists(FACTS, min_size=1, max_size=5))
def test_a_word_is_never_said_against_the_figures(segments: list[SegmentFacts]) -> None:
    for found, name in zip(segments, segment_names(segments), strict=True):
        said = name.lower().partition(",")[0]
        for measure, wording in WORDINGS.items():
            deviation, ratio = found.deviations.get(measure, 0.0), found.ratios[measure]
            for bound, word in wording.steps:
                if word not in said or measure == "frequency":
                    continue
                assert abs(deviation) >= min(abs(bound) for bound, _ in wording.steps)
                assert (deviation < 0) == (bound < 0)
                assert ratio <= wording.most if bound < 0 else ratio >= wording.least
        assert ("one-time" in said) <= (found.mean_frequency <= ONE_TIME_FREQUENCY)
        assert ("repeat" in said) <= (found.mean_frequency >= REPEAT_FREQUENCY)
        assert ("frequent" in said) <= (found.mean_frequency >= FREQUENT)


@given(st.lists(FACTS, max_size=10))
def test_nobody_is_called_what_only_the_classic_grid_can_say(segments: list[SegmentFacts]) -> None:
    for name in segment_names(segments):
        for claim in ("champion", "loyal", "lost", "risk", "vip", "best"):
            assert claim not in name.lower()
