"""The quality of a model in a few words, with the customers it was measured on."""

from bankseg_assets.scoring.quality import quality, was_held_out
from bankseg_assets_tests.small_model import one_segment, small_model


def test_quality_names_evaluated_customers() -> None:
    metrics = {"f1_weighted": 0.981, "n_held_out": 300.0}
    assert quality(small_model(metrics=metrics)) == "F1 on held-out customers 98.1%"
    few = small_model(metrics=metrics | {"n_held_out": 0})
    assert not was_held_out(few)
    assert quality(few) == "F1 on the model's own customers 98.1%"


def test_quality_of_one_segment_is_none() -> None:
    assert quality(one_segment(metrics={"f1_weighted": 1.0})) == ""
