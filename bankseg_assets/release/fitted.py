"""The record of a model's fit, which every release that uses the model carries on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bankseg_assets.release.releases import Release


@dataclass(frozen=True)
class Fitted:
    """When a model was fitted, on which customers, and how good it was then.

    version: the run that fitted it. fitted_at: UTC. snapshot_date: of the customers it was fitted
    on. metrics: as those of a release. distributions: measure -> bin -> customers, as in
    `release.drift`. features_named: those that the contract named, none if they were chosen.
    """

    version: str
    fitted_at: str
    snapshot_date: str
    metrics: Mapping[str, Any] = field(default_factory=dict)
    distributions: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    features_named: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)

    @classmethod
    def of(cls, release: Release) -> "Fitted":
        """Return the fit of a release's model; in an older one, the release itself was the fit."""
        found = release.model
        if not found:
            return cls(
                version=release.run_id,
                fitted_at=release.created_at,
                snapshot_date="",
                metrics=release.metrics,
                distributions=release.distributions,
            )
        return cls(
            version=found["version"],
            fitted_at=found["fitted_at"],
            snapshot_date=found["snapshot_date"],
            metrics=found["metrics"],
            distributions={
                measure: {int(number): count for number, count in bins.items()}
                for measure, bins in found["distributions"].items()
            },
            features_named=tuple(found["features_named"]),
        )


def below_zero(then: Mapping[int, int], today: Mapping[int, int]) -> bool:
    """Return whether a measure is negative for some customers today, and was for none at the fit.

    Bins are those of `release.drift`: below zero for negative values.
    """
    return min(today, default=0) < 0 <= min(then, default=0)
