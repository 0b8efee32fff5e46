"""Run configuration of the release: the limits of its gates."""

from typing import Annotated

import dagster as dg
from pydantic import Field, ValidationInfo, field_validator

from bankseg_assets.defs.launch_checks import at_least
from bankseg_assets.release.gates import Limits
from bankseg_assets.release.refit import RefitLimits

_DEFAULTS = Limits()
_REFIT_DEFAULTS = RefitLimits()
_WARNED_FIRST = ("drift", "customers_lost", "rows_lost", "quarantined")

NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Index = Annotated[float, Field(ge=-1, le=1)]
"""An adjusted Rand index."""


class ReleaseConfig(dg.Config):
    """The limits of the release gates, compared with the release in use."""

    f1_loss: Share = Field(
        default=_DEFAULTS.f1_loss,
        description="Maximum decrease of macro F1 on held-out customers.",
    )
    silhouette_loss: NotNegative = Field(
        default=_DEFAULTS.silhouette_loss,
        description="Maximum decrease of the silhouette.",
    )
    smallest_share: Share = Field(
        default=_DEFAULTS.smallest_share,
        description="Minimum share of customers in a segment.",
    )
    least_agreement: Index = Field(
        default=_DEFAULTS.least_agreement,
        description="Minimum adjusted Rand index between the model in use and this one.",
    )
    drift_warned: NotNegative = Field(
        default=_DEFAULTS.drift_warned, description="Population stability index that warns."
    )
    drift_refused: NotNegative = Field(
        default=_DEFAULTS.drift_refused,
        description="Population stability index of amount, balance or age that blocks the release.",
    )
    customers_lost_warned: Share = Field(
        default=_DEFAULTS.customers_lost_warned,
        description="Share of customers lost since the release in use that warns.",
    )
    customers_lost_refused: Share = Field(
        default=_DEFAULTS.customers_lost_refused,
        description="Share of customers lost since the release in use that blocks the release.",
    )
    rows_lost_warned: Share = Field(
        default=_DEFAULTS.rows_lost_warned,
        description="Share of clean transactions lost since the release in use that warns.",
    )
    rows_lost_refused: Share = Field(
        default=_DEFAULTS.rows_lost_refused,
        description="Share of clean transactions lost since the release in use that blocks it.",
    )
    quarantined_warned: Share = Field(
        default=_DEFAULTS.quarantined_warned,
        description="Share of quarantined rows in a new file that warns.",
    )
    quarantined_refused: Share = Field(
        default=_DEFAULTS.quarantined_refused,
        description="Share of quarantined rows in a new file that blocks the release.",
    )
    refit_f1_loss: Share = Field(
        default=_REFIT_DEFAULTS.refit_f1_loss,
        description="Loss of macro F1 since the fit from which on the model is refitted.",
    )
    refit_silhouette_loss: NotNegative = Field(
        default=_REFIT_DEFAULTS.refit_silhouette_loss,
        description="Loss of silhouette since the fit from which on the model is refitted.",
    )
    refit_drift: NotNegative = Field(
        default=_REFIT_DEFAULTS.refit_drift,
        description="Population stability index, since the fit, of a measure that the model uses, "
        "from which on it is refitted.",
    )
    force: bool = Field(
        default=False, description="Promote despite failed gates; the gates still report why."
    )

    @field_validator(*(f"{name}_refused" for name in _WARNED_FIRST))
    @classmethod
    def _is_not_below_the_warning(cls, value: float, info: ValidationInfo) -> float:
        return at_least(value, f"{info.field_name}".replace("_refused", "_warned"), info)

    @property
    def limits(self) -> Limits:
        """The limits of the gates."""
        return Limits(**{name: getattr(self, name) for name in Limits.__dataclass_fields__})

    @property
    def refit_limits(self) -> RefitLimits:
        """The limits from which on a model is refitted."""
        names = RefitLimits.__dataclass_fields__
        return RefitLimits(**{name: getattr(self, name) for name in names})
