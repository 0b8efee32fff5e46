"""A model of one segment has nothing to explain, ask or change, and reports this."""

import numpy as np
import pytest

from bankseg_assets.scoring.explain import next_question, smallest_change, why
from bankseg_assets.scoring.explain.wording import ONE_SEGMENT
from bankseg_assets.scoring.posterior import posterior
from bankseg_assets_tests.small_model import one_segment


@pytest.mark.parametrize("known", [{}, {"recency": 12.0}, {"recency": float("nan")}])
def test_one_segment_is_certain_and_unexplained(known: dict[str, float]) -> None:
    found = why(one_segment(), known)
    assert (found.segment, found.runner_up, found.reasons) == (0, None, ())
    assert found.sentence == ONE_SEGMENT
    assert posterior(one_segment(), known).probabilities.tolist() == [[1.0]]


def test_one_segment_leaves_nothing_to_ask_or_change() -> None:
    assert next_question(one_segment(), {}) == []
    assert smallest_change(one_segment(), {"recency": 12.0}) == []
    assert smallest_change(one_segment(), {"recency": 12.0}, to=0) == []


def test_one_segment_whose_input_has_single_value() -> None:
    """A bank whose transactions are all of one day: every customer came one day ago."""
    inputs = (one_segment().inputs[0].model_copy(update={"minimum": 1, "maximum": 1}),)
    bundle = one_segment(inputs=inputs, mean=np.array([1.0]))
    assert why(bundle, {"recency": 1.0}).segment == 0
    assert next_question(bundle, {}) == []
