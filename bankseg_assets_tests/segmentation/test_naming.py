"""Segment names are unique, agree with the profile, and use the same measures."""

from itertools import permutations

import pytest
from hypothesis import given, settings

from bankseg_assets.segmentation.name_claims import contradicted
from bankseg_assets.segmentation.naming import ALL_NAME, AVERAGE_NAME, EMPTY_NAME, segment_names
from bankseg_assets.segmentation.segment_words import WORDINGS, SegmentFacts, words
from bankseg_assets_tests.segmentation.segment_facts import described, facts

OTHERS = facts(customers=5_000)  # near all customers in every measure


def name_of(found: SegmentFacts) -> str:
    """Return a segment's name beside a typical segment."""
    return segment_names([found, OTHERS])[0]


def spending(deviation: float, *, ratio: float | None = None) -> SegmentFacts:
    return facts({"average_amount": deviation}, ratios={"average_amount": ratio} if ratio else {})


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (spending(-1.0), "Very small spenders"),
        (spending(-0.25), "Small spenders"),
        (spending(0.35), "Big spenders"),
        (spending(1.25), "Very big spenders"),
        (facts({"average_balance": 2.0}), "Very high-balance customers"),
        (facts({"average_balance": -0.5}), "Low-balance customers"),
        (facts({"average_balance": -0.5}, average_balance=-600), "Overdrawn customers"),
        (facts({"average_balance": 0.5}, average_balance=0), AVERAGE_NAME),
        (facts({"average_amount": -2.0}, average_amount=-12), "Customers with net refunds"),
        (facts({"average_amount": -2.0}, average_amount=0), "Customers without spending"),
        (facts({"recency": 1.0}, recency=40), "Quiet customers"),
        (facts({"recency": 1.0}, recency=3), AVERAGE_NAME),
        (facts({"recency": -1.0}, recency=12), "Recently active customers"),
        (facts({"recency": -1.0}, recency=265), AVERAGE_NAME),
        (facts({"frequency": 1.0}, frequency=3), "Repeat customers"),
        (facts({"frequency": 1.0}, frequency=4), "Frequent customers"),
        (facts({"frequency": 1.0}, frequency=4, days=730), "Repeat customers"),
        (facts({"frequency": -0.5}, frequency=1), "Occasional customers"),
        (facts({"frequency": -0.5}, frequency=78, days=92), "Less frequent customers"),
        (facts({"frequency": 0.1}, frequency=78, days=92), "Regular customers"),
        (facts({"frequency": 0.1}, frequency=1), AVERAGE_NAME),
        (facts({"frequency": -0.5}, one_time_share=0.95), "One-time customers"),
        (facts({"frequency": -0.5}, one_time_share=0.94), "Occasional customers"),
        (SegmentFacts(), EMPTY_NAME),
    ],
)
def test_deviation_has_its_word(found: SegmentFacts, name: str) -> None:
    assert name_of(found) == name


def test_single_segment_is_named_all_customers() -> None:
    big = facts({"average_amount": 2.0})
    assert segment_names([big]) == [ALL_NAME]
    assert segment_names([SegmentFacts(), big]) == [EMPTY_NAME, ALL_NAME]
    assert segment_names([]) == []


def test_no_segment_is_big_with_mean_below_average() -> None:
    """The median amount of a third of the real customers is 838, of all 500; the mean is 1,579."""
    assert segment_names([spending(0.38, ratio=0.62), OTHERS])[0] == "Medium spenders"
    assert segment_names([spending(-0.5, ratio=1.2), OTHERS])[0] == "Medium spenders"


def test_no_segment_is_big_below_one_that_is_not() -> None:
    """If the mean rules out "big" for the highest segment, it does for all lower ones."""
    found = [spending(0.5), spending(0.9, ratio=0.8), spending(-0.5)]
    assert words(found, "average_amount") == [
        "medium spenders",
        "medium spenders",
        "small spenders",
    ]


def test_week_more_or_less_is_neither_recent_nor_quiet() -> None:
    """Two transactions are by chance more recent than one: 47 days against 56 overall."""
    sooner = facts({"recency": -0.5}, recency=20, ratios={"recency": 0.86})
    later = facts({"recency": 0.6}, recency=60, ratios={"recency": 1.22})
    assert [name_of(sooner), name_of(later)] == [AVERAGE_NAME, AVERAGE_NAME]


def test_names_use_two_most_different_measures() -> None:
    once = {"frequency": -0.4, "average_balance": -0.5}
    names = segment_names(
        [
            facts({"average_amount": -0.9, **once}, one_time_share=1.0),
            facts({"average_amount": 0.1, **once}, one_time_share=1.0),
            facts({"average_amount": 0.2, "frequency": 2.2, "average_balance": 0.4}, frequency=2),
        ]
    )
    assert names == [
        "One-time small spenders",
        "One-time medium spenders",
        "Repeat medium spenders",
    ]


def test_duplicate_names_get_further_word() -> None:
    strong = {"average_amount": 1.0, "frequency": 1.0}
    weak = facts({"average_amount": -1.0, "frequency": -1.0})
    names = segment_names(
        [
            facts(strong | {"average_balance": 0.5}, frequency=3),
            facts(strong | {"average_balance": 0.0}, frequency=3),
            weak,
        ]
    )
    assert names == [
        "Repeat high-balance big spenders",
        "Repeat big spenders",
        "Occasional very small spenders",
    ]


def test_equal_words_get_comparison() -> None:
    names = segment_names([spending(0.1), spending(0.3), spending(-0.2)])
    assert names == [
        "Medium spenders",
        "Medium spenders, larger amounts",
        "Medium spenders, smaller amounts",
    ]


def test_unknown_measure_is_not_compared() -> None:
    """A balance that was never delivered is not lower."""
    known, unknown = {"recency": 0.0, "average_balance": 0.2}, {"recency": 0.0}
    assert segment_names([facts(known), facts(unknown)]) == [AVERAGE_NAME, f"{AVERAGE_NAME} (2)"]


def test_equal_segments_are_numbered() -> None:
    assert segment_names([spending(0.0), spending(0.01), spending(0.0)]) == [
        "Medium spenders",
        "Medium spenders (2)",
        "Medium spenders (3)",
    ]


@settings(deadline=None)
@given(described())
def test_names_are_unique_and_capitalised(segments: list[SegmentFacts]) -> None:
    names = segment_names(segments)
    assert len(set(names)) == len(names) == len(segments)
    assert all(name[0].isupper() for name in names)


@settings(deadline=None)
@given(described())
def test_higher_word_never_has_lower_number(segments: list[SegmentFacts]) -> None:
    """The number is the displayed median; equal numbers have equal words."""
    for measure, wording in WORDINGS.items():
        said = words(segments, measure)
        known = [
            (facts.medians[measure], wording.words.index(word))
            for facts, word in zip(segments, said, strict=True)
            if measure in facts.deviations
        ]
        for (number, place), (other, other_place) in permutations(known, 2):
            if place < other_place:
                assert number < other or (measure == "frequency" and number == other == 1)


@settings(deadline=None)
@given(described())
def test_new_names_contradict_no_number(segments: list[SegmentFacts]) -> None:
    assert contradicted(segment_names(segments), segments) == set()


@pytest.mark.slow
@settings(deadline=None)
@given(described())
def test_name_omits_unknown_measure(segments: list[SegmentFacts]) -> None:
    for found, name in zip(segments, segment_names(segments), strict=True):
        for measure, wording in WORDINGS.items():
            if measure not in found.deviations:
                assert not [word for word in wording.words if word and word in name.lower()]


@pytest.mark.slow
@settings(deadline=None)
@given(described())
def test_names_use_no_terms_of_rfm_grid(segments: list[SegmentFacts]) -> None:
    for name in segment_names(segments):
        for claim in ("champion", "loyal", "lost", "risk", "vip", "best"):
            assert claim not in name.lower()
