"""customer_segments: every customer once, with a segment that exists."""

import json

import pyarrow.compute as pc
import pytest

from bankseg_assets_tests.batch_fixtures import Platform


def test_every_customer_is_in_one_segment(batch: Platform) -> None:
    segments, rfm = batch.run.table("customer_segments"), batch.run.table("rfm_table")
    assert sorted(segments["customer_id"].to_pylist()) == sorted(rfm["customer_id"].to_pylist())
    assert segments["segment"].null_count == 0
    assert batch.run.metadata["customer_segments"]["n_customers"] == rfm.num_rows


def test_names_and_sizes_are_those_of_model(batch: Platform) -> None:
    file = batch.run.folder("kmeans_model") / "model.json"
    model = json.loads(file.read_text(encoding="utf-8"))
    segments = batch.run.table("customer_segments")
    counted = segments.group_by(["segment", "segment_name"]).aggregate([([], "count_all")])
    assert counted.sort_by("segment").to_pydict() == {
        "segment": list(range(model["k"])),
        "segment_name": model["names"],
        "count_all": model["sizes"],
    }
    assert batch.run.metadata["customer_segments"]["n_segments"] == model["k"]


def test_squared_distances_sum_to_inertia_of_model(batch: Platform) -> None:
    distance = batch.run.table("customer_segments")["distance"]
    inertia = batch.run.metadata["kmeans_model"]["inertia"]
    assert pc.sum(pc.multiply(distance, distance)).as_py() == pytest.approx(inertia)
