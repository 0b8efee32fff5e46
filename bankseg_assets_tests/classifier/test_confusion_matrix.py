"""Held-out customers are scored in batches, and all are counted."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.classifier.confusion_matrix import NotComparableError, held_out_confusion
from bankseg_assets.scoring.bundle import score
from bankseg_assets_tests.small_model import small_model


def test_confusion_counts_all_files_and_new_segments(tmp_path: Path) -> None:
    model = small_model()
    random = np.random.default_rng(3)
    values = {name: random.uniform(1, 50, 40) for name in model.measures}
    segments = np.repeat([0, 2], 20)
    held_out = np.arange(40) % 2 == 0
    for number, half in enumerate((slice(0, 20), slice(20, 40))):
        columns = {name: column[half] for name, column in values.items()}
        table = pa.table(columns | {"segment": segments[half], "held_out": held_out[half]})
        pq.write_table(table, tmp_path / f"part-{number}.parquet")
    found = held_out_confusion(model, tmp_path)
    expected = np.zeros((3, len(model.prior)), dtype=int)
    np.add.at(expected, (segments, score(model, values).segment), held_out)
    assert found.tolist() == expected.tolist()
    assert found.sum() == 20


def test_all_customers_are_scored_if_none_is_held_out(tmp_path: Path) -> None:
    model = small_model()
    columns = {name: [1.0, 2.0] for name in model.measures}
    table = pa.table(columns | {"segment": [0, 1], "held_out": [False, False]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert held_out_confusion(model, tmp_path).sum() == 2


def test_negative_money_is_zero_for_model_without_any(tmp_path: Path) -> None:
    """A refund in new data must not stop the comparison with the model in use."""
    model = small_model()
    for number, balance in enumerate((-7.0, 0.0)):
        columns = {name: [balance if "balance" in name else 1.0] for name in model.measures}
        table = pa.table(columns | {"segment": [0], "held_out": [True]})
        (tmp_path / str(number)).mkdir()
        pq.write_table(table, tmp_path / str(number) / "a.parquet")
    found = [held_out_confusion(model, tmp_path / number).tolist() for number in "01"]
    assert found[0] == found[1]


def test_model_of_other_measures_is_not_comparable(tmp_path: Path) -> None:
    """An older or newer build may use measures that this build's table lacks."""
    table = pa.table({"recency": [1.0], "segment": [0], "held_out": [True]})
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(NotComparableError, match=r"needs frequency, .*average_balance, which"):
        held_out_confusion(small_model(), tmp_path)
