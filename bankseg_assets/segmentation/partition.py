"""Partition of component space into segments, by nearest centre or likeliest Gaussian."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.segmentation.features import component_names
from bankseg_assets.stats.arrays import Array, Labels


@dataclass(frozen=True)
class Partition:
    """k segments in c components.

    centres (k, c). For a mixture also shares (k,) and covariances (k, c, c).
    """

    centres: Array
    shares: Array | None = None
    covariances: Array | None = None

    @property
    def k(self) -> int:
        """The number of segments."""
        return len(self.centres)

    def labels(self, points: Array) -> Labels:
        """Return the segment of each point (n, c); ties go to the lowest number."""
        if self.shares is None or self.covariances is None:
            return np.asarray(
                squared_distances(points, self.centres).argmin(axis=1), dtype=np.int64
            )
        scores = np.empty((len(points), self.k))
        for place, (precision, constant) in enumerate(self._gaussians()):
            away = points - self.centres[place]
            scores[:, place] = constant - 0.5 * ((away @ precision) * away).sum(axis=1)
        likeliest: Labels = scores.argmax(axis=1)
        return likeliest

    def columns(self) -> tuple[Column, Column]:
        """Return Spark columns of the segment (int) and the squared distance to its centre, from
        pc1..pcc."""
        names = component_names(self.centres.shape[1])
        distances = F.array(*(_squared_distance(names, centre) for centre in self.centres))
        if self.shares is None or self.covariances is None:
            least = F.array_min(distances)
            return (F.array_position(distances, least) - 1).cast("int"), least
        scores = F.array(
            *(
                _score(names, centre, precision, constant)
                for centre, (precision, constant) in zip(
                    self.centres, self._gaussians(), strict=True
                )
            )
        )
        segment = (F.array_position(scores, F.array_max(scores)) - 1).cast("int")
        return segment, F.get(distances, segment)

    def reordered(self, order: Sequence[int]) -> "Partition":
        """Return the segments renumbered so that number i was `order[i]`."""
        places = list(order)
        return Partition(
            self.centres[places],
            None if self.shares is None else self.shares[places],
            None if self.covariances is None else self.covariances[places],
        )

    def _gaussians(self) -> list[tuple[Array, float]]:
        """Return the inverse covariance and the constant term of each Gaussian."""
        assert self.shares is not None
        assert self.covariances is not None
        return [
            (
                np.linalg.inv(covariance),
                float(np.log(share) - 0.5 * np.linalg.slogdet(covariance)[1]),
            )
            for share, covariance in zip(self.shares, self.covariances, strict=True)
        ]


def squared_distances(points: Array, centres: Array) -> Array:
    """Return the squared Euclidean distances (n, k)."""
    return np.asarray(((points[:, None, :] - centres[None]) ** 2).sum(axis=2))


def _squared_distance(names: Sequence[str], centre: Array) -> Column:
    differences = [F.col(name) - float(x) for name, x in zip(names, centre, strict=True)]
    return sum((difference * difference for difference in differences), F.lit(0.0))


def _score(names: Sequence[str], centre: Array, precision: Array, constant: float) -> Column:
    away = [F.col(name) - float(x) for name, x in zip(names, centre, strict=True)]
    quadratic = sum(
        (
            one * other * float(precision[i, j])
            for i, one in enumerate(away)
            for j, other in enumerate(away)
        ),
        F.lit(0.0),
    )
    return F.lit(constant) - F.lit(0.5) * quadratic
