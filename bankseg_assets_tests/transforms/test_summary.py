"""The summary keeps what k-means needs: weights, means and, exactly, the inertia."""

import numpy as np
import pytest
from pyspark.sql import SparkSession

from bankseg_assets.transforms import summary as summary_module
from bankseg_assets.transforms.summary import GRID_SIDE, summarise

POINTS = np.random.default_rng(3).normal(size=(400, 2))


@pytest.mark.parametrize("most_cells", [20_000, 40])
def test_weights_means_and_inertia_are_those_of_all_points(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, most_cells: int
) -> None:
    monkeypatch.setattr(summary_module, "MOST_CELLS", most_cells)
    frame = spark.createDataFrame(POINTS.tolist(), "pc1 double, pc2 double")
    found = summarise(frame, 2)
    assert found.weights.sum() == len(POINTS)
    np.testing.assert_allclose(found.weights @ found.means / len(POINTS), POINTS.mean(axis=0))
    total = ((POINTS - POINTS.mean(axis=0)) ** 2).sum()
    between = found.weights @ ((found.means - POINTS.mean(axis=0)) ** 2).sum(axis=1)
    assert found.within_inertia + between == pytest.approx(total, rel=1e-6)
    assert len(found.weights) <= most_cells
    assert (found.side == GRID_SIDE) == (most_cells == 20_000)
    if found.side > GRID_SIDE:
        cells = {tuple(cell) for cell in np.floor(POINTS / found.side).tolist()}
        assert len(found.weights) == len(cells)


def test_customers_in_one_place_are_one_cell_in_a_fixed_order(spark: SparkSession) -> None:
    points = [(0.5, -0.5), (-1.0, 2.0), (0.5, -0.5)]
    found = summarise(spark.createDataFrame(points, "pc1 double, pc2 double"), 2)
    assert found.means.tolist() == [[-1.0, 2.0], [0.5, -0.5]]
    assert found.weights.tolist() == [1.0, 2.0]
    assert found.within_inertia == 0.0
