"""Keep the model of the release in use, as the job `refresh` does, instead of fitting one."""

import dagster as dg

from bankseg_assets.classifier.model_in_use import (
    CustomerBasis,
    ModelInUse,
    NoModelInUseError,
    model_in_use,
)
from bankseg_assets.cleaning.amounts import has_direction
from bankseg_assets.customers.customer_key import RFM_TABLE, key_in_use
from bankseg_assets.defs.resources import DeliveryResource, PublishedResource

KEEP = (
    "Keep the model of the release in use, if it suits these customers, instead of fitting one. "
    "The job `refresh` sets this; the other settings are then those of the fit."
)


def model_to_keep(
    context: dg.AssetExecutionContext, delivery: DeliveryResource, published: PublishedResource
) -> ModelInUse | None:
    """Return the models of the release in use; None, with the reason logged, to fit one."""
    store, contract = published.store, delivery.contract
    basis = CustomerBasis(
        is_demo=delivery.holds_demo_data,
        customer_key=key_in_use(store, contract.customer_key),
        currency=contract.currency,
        direction_known=has_direction(contract),
        features=tuple(contract.features),
        rfm_table=store.latest(RFM_TABLE),
    )
    try:
        return model_in_use(store.folder, basis)
    except NoModelInUseError as why:
        context.log.info(f"A model is fitted instead of kept. {why}")
        return None
