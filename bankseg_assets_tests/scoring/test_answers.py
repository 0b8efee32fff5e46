"""Rounded answers of the model, and when it is sure."""

import numpy as np
import pytest

from bankseg_assets.scoring.answers import SURE, Answers, answers
from bankseg_assets_tests.scoring.lists.sample_lists import ONCE, ONCE_CONFIDENCE, bundle


def test_answers_have_most_likely_segment_and_probability() -> None:
    found = answers(bundle(), {name: [value] for name, value in ONCE.items()})
    assert found.places.tolist() == [0]
    assert found.confidence.tolist() == [ONCE_CONFIDENCE]
    assert found.probabilities[0].sum() == pytest.approx(1, abs=1e-5)
    assert found.sure.tolist() == [True]


def test_unknown_customer_gets_prior_and_is_not_sure() -> None:
    found = answers(bundle(), {"frequency": [np.nan], "monetary": [np.nan]})
    assert found.probabilities.tolist() == [[0.5, 0.3, 0.2]]
    assert found.sure.tolist() == [False]


def test_threshold_itself_is_sure() -> None:
    confidence = np.array([SURE, SURE - 1e-6])
    sure = Answers(np.empty((2, 3)), np.zeros(2, dtype=np.int64), confidence).sure
    assert sure.tolist() == [True, False]
