"""A job `refresh` of toy assets, for the launcher's tests."""

from collections.abc import Iterator

import dagster as dg


@dg.asset
def one() -> None:
    pass


@dg.multi_asset(specs=[dg.AssetSpec("two", deps=["one"]), dg.AssetSpec("three", deps=["one"])])
def two_and_three() -> Iterator[dg.MaterializeResult[None]]:
    yield dg.MaterializeResult(asset_key="two")
    yield dg.MaterializeResult(asset_key="three")


@dg.asset(deps=["two"])
def nb_classifier() -> None:
    pass


defs = dg.Definitions(
    assets=[one, two_and_three, nb_classifier],
    jobs=[dg.define_asset_job("refresh", selection=["one", "two", "three", "nb_classifier"])],
)
