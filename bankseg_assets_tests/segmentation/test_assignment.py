"""Every customer, held out or not, is assigned to the nearest centroid."""

import numpy as np

from bankseg_assets.contracts.tables import CUSTOMER_SEGMENTS
from bankseg_assets.segmentation.partition import squared_distances
from bankseg_assets_tests.fitted_models import Fitted


def test_assign_gives_nearest_segment_name_and_distance(fitted: Fitted) -> None:
    points = fitted.pca.project(fitted.rfm, "customer_id").toPandas().set_index("customer_id")
    found = fitted.segments.toPandas().set_index("customer_id").loc[points.index]
    distances = squared_distances(points.to_numpy(), fitted.kmeans.centroid_array)
    assert found["segment"].tolist() == distances.argmin(axis=1).tolist()
    np.testing.assert_allclose(found["distance"], np.sqrt(distances.min(axis=1)), rtol=1e-9)
    names = [fitted.kmeans.names[segment] for segment in found["segment"]]
    assert found["segment_name"].tolist() == names


def test_assign_keeps_other_columns(fitted: Fitted) -> None:
    assert fitted.segments.columns == CUSTOMER_SEGMENTS.names
    carried = [name for name in fitted.segments.columns if name in fitted.rfm.columns]
    assert "monetary" in carried
    assert fitted.segments.select(carried).exceptAll(fitted.rfm.select(carried)).isEmpty()
    assert fitted.segments.count() == fitted.rfm.count()
