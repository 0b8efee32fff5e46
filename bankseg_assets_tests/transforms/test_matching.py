"""New segments continue those in use where most of their customers are the same."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bankseg_assets.transforms.matching import NAME_SLACK, kept_colours, kept_names, match


def test_each_new_segment_takes_the_number_of_the_one_it_continues() -> None:
    found = match(np.array([[1.0, 90.0, 0.0], [0.0, 2.0, 50.0], [40.0, 0.0, 3.0]]))
    assert found.order == [1, 2, 0]
    assert found.continued == [0, 1, 2]
    assert found.overlaps == [round(90 / 93, 6), round(50 / 55, 6), round(40 / 44, 6)]
    assert found.kept == round(180 / 186, 6)
    assert found.sentence == (
        "96.8% of the customers keep their segment number. The least overlap of a continued "
        "segment is 91%."
    )


def test_a_segment_that_continues_none_is_said_to_be_new() -> None:
    found = match(np.array([[50.0, 50.0, 0.0], [0.0, 0.0, 80.0], [30.0, 30.0, 0.0]]))
    assert found.continued.count(None) == 2
    assert found.order[1] == 2
    assert "New, for they continue no segment of the model in use: 0, 2." in found.sentence
    assert "Dissolved: 0, 2." in found.sentence


def test_one_segment_more_takes_the_next_number() -> None:
    found = match(np.array([[0.0, 70.0, 30.0], [60.0, 0.0, 0.0]]))
    assert (found.order, found.continued) == ([1, 0, 2], [0, 1, None])
    assert kept_colours([5, 0], found.continued) == [5, 0, 1]


def test_with_fewer_segments_a_number_that_is_gone_is_given_up_and_said() -> None:
    found = match(np.array([[80.0, 0.0], [20.0, 5.0], [0.0, 90.0]]))
    assert (found.order, found.continued) == ([0, 1], [0, 2])
    assert "Dissolved: 1." in found.sentence
    assert "Renumbered, because there are fewer segments now: 2 is now 1." in found.sentence
    assert kept_colours([0, 1, 2], found.continued) == [0, 2]


@given(st.permutations(range(5)))
def test_the_same_segments_in_another_order_change_nothing(order: list[int]) -> None:
    found = match(np.diag([10.0, 20.0, 30.0, 40.0, 50.0])[order])
    assert [order[place] for place in range(5)] == found.order
    assert (found.kept, found.agreement) == (1.0, 1.0)


def test_a_name_stays_while_it_is_true_and_stays_unique() -> None:
    facts = [{"recency": 0.5}, {"recency": 0.9}, {"recency": 0.1}]
    before = [{"recency": 0.5 + NAME_SLACK / 2}, {"recency": 0.9 - 2 * NAME_SLACK}]
    names, named_for = kept_names(
        ["Lapsed", "Gone", "Lapsing"], facts, ["Lapsing", "Asleep"], before, [0, 1, None]
    )
    assert names == ["Lapsing", "Gone", "Lapsing (2)"]
    assert named_for == [before[0], facts[1], facts[2]]
