"""Algorithms are compared on equal terms, by a stated criterion."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bankseg_assets.segmentation import alternatives
from bankseg_assets.segmentation.comparison import Row, compare, verdict
from bankseg_assets_tests.fitted_models import Fitted

DEFAULT = Row("2 components", "k-means", 4, 0.7, 0.5, 0.1, 0.4, 0.99, 0.99)


def test_compare_measures_all_on_held_out_customers(
    fitted: Fitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alternatives, "MOST_ITERATIONS", 5)  # each is a Spark job
    with ThreadPoolExecutor() as another:  # in a run, Spark is started by a thread that has ended
        rows = another.submit(compare, fitted.rfm, fitted.pca, 3, seed=1).result()
    assert [(row.algorithm, row.space) for row in rows] == [
        ("k-means", "2 components"),
        ("bisecting k-means", "2 components"),
        ("Gaussian mixture", "2 components"),
        ("k-means", "all standardised features, no PCA"),
        ("k-means", "2 components, whitened"),
    ]
    assert all(0 < row.silhouette < 1 and 0 < row.smallest_share <= 1 / 3 for row in rows)
    assert rows[0].silhouette > rows[3].silhouette  # the dropped components are mostly noise
    assert rows[0].f1_macro > 0.9


def test_compare_of_one_segment_is_empty(fitted: Fitted) -> None:
    assert compare(fitted.rfm, fitted.pca, 1, seed=1) == []
    assert verdict([]) == "All customers are one segment, so there is nothing to compare."


def test_default_is_kept_unless_clearly_beaten() -> None:
    near = replace(DEFAULT, algorithm="Gaussian mixture", silhouette_euclidean=0.509)
    assert verdict([DEFAULT, near]).startswith("k-means on 2 components is the best: no other")
    better = replace(near, silhouette_euclidean=0.52)
    assert verdict([DEFAULT, near, better]).startswith(
        "Gaussian mixture on 2 components is better than k-means on 2 components: it has"
    )


@pytest.mark.parametrize(
    "lost",
    [{"largest_share": 0.51}, {"smallest_share": 0.009}, {"f1_macro": 0.97}, {"stability": 0.9}],
)
def test_higher_silhouette_alone_is_not_enough(lost: dict[str, float]) -> None:
    other = replace(DEFAULT, algorithm="Gaussian mixture", silhouette_euclidean=0.6, **lost)
    assert "is the best" in verdict([DEFAULT, other])
