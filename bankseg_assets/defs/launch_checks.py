"""Validation of run configuration at launch.

Dagster checks types at launch, but bounds and validators of a pydantic `Config` only when the step
begins: a `refit` with a wrong limit for its release would fail after all models are fitted.
"""

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
from dagster._config.errors import PostProcessingError
from pydantic import ValidationError, ValidationInfo

from bankseg_assets.storage.documents import first_fault


def validated_at_launch(
    config: type[dg.Config],
) -> Callable[[dg.AssetsDefinition], dg.AssetsDefinition]:
    """Return a decorator of an asset: a launch with settings that `config` refuses is refused."""

    def decorate(asset: dg.AssetsDefinition) -> dg.AssetsDefinition:
        schema = asset.op.config_schema.as_field()

        def post_process(value: Mapping[str, Any]) -> Mapping[str, Any]:
            try:
                config(**value)
            except ValidationError as error:
                raise PostProcessingError(first_fault(error)) from None
            return value

        # Dagster calls this hook of a configuration's type before it creates the run.
        setattr(schema.config_type, "post_process", post_process)  # noqa: B010  a method to mypy
        return asset

    return decorate


def at_least(value: float, lower: str, info: ValidationInfo) -> float:
    """Return a value; raise ValueError if it is below that of the setting `lower`."""
    if lower in info.data and value < info.data[lower]:
        raise ValueError(f"expected at least {lower}, which is {info.data[lower]}")
    return value
