"""Resources: one Spark session per run, the published versions, the deliveries."""

from typing import Any
from unittest.mock import MagicMock

import dagster as dg
import pytest

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.defs import resources as resources_module
from bankseg_assets.defs.build import build_defs, resources
from bankseg_assets.defs.resources import SparkResource
from bankseg_assets.landing.ledger import Delivery
from bankseg_assets.runtime.java import JavaNotFoundError
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.run_lock import RunInProgressError, held_by_erasure
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.running import run_assets

STARTED: list[MagicMock] = []


class PretendedSpark(SparkResource):
    """A Spark resource with a fake session, which needs no JVM."""

    @property
    def spark_session(self) -> Any:
        if self._spark_session is None:
            self._spark_session = MagicMock()
            STARTED.append(self._spark_session)
        return self._spark_session


@pytest.fixture
def started() -> list[MagicMock]:
    """The sessions started by this test."""
    STARTED.clear()
    return STARTED


@dg.asset
def first(spark: SparkResource) -> dict[str, Any]:
    assert spark.spark_session
    return {}


@dg.asset
def second(spark: SparkResource, first: dict[str, Any]) -> dict[str, Any]:
    assert spark.spark_session
    return first


def test_steps_of_run_share_session(settings: Settings, started: list[MagicMock]) -> None:
    platform = resources(settings, spark=PretendedSpark(spark_config={}))
    assert run_assets(first, second, resources=platform).failures == {}
    assert [session.stop.call_count for session in started] == [1]


def test_session_of_io_manager_stops_with_run(settings: Settings, started: list[MagicMock]) -> None:
    @dg.asset
    def segment_profiles() -> None:
        pass

    @dg.asset
    def reader(segment_profiles: Any) -> dict[str, Any]:
        return {}

    platform = resources(settings, spark=PretendedSpark(spark_config={}))
    with VersionStore(settings.published_dir).draft("segment_profiles", "run"):
        pass
    run = run_assets(segment_profiles, reader, resources=platform, only=["reader"])
    assert run.failures == {}
    assert [session.stop.call_count for session in started] == [1]


def test_shared_session_outlives_run(settings: Settings, started: list[MagicMock]) -> None:
    spark = PretendedSpark(spark_config={}, stop_after_run=False)
    assert run_assets(first, resources=resources(settings, spark=spark)).failures == {}
    assert [session.stop.call_count for session in started] == [0]


def test_run_without_spark_starts_no_session(settings: Settings, started: list[MagicMock]) -> None:
    @dg.asset
    def pca_model() -> dict[str, Any]:
        return {}

    platform = resources(settings, spark=PretendedSpark(spark_config={}))
    assert run_assets(pca_model, resources=platform).success
    assert started == []


def test_missing_java_raises_on_first_use(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_none(_: Settings) -> None:
        raise JavaNotFoundError("Spark needs Java 17 or 21.")

    monkeypatch.setattr(resources_module, "prepare_process", find_none)
    platform = resources(settings)
    message = run_assets(first, resources=platform).failures["first"]
    assert "JavaNotFoundError: Spark needs Java 17 or 21." in message


def test_resources_point_into_data_folder(settings: Settings) -> None:
    found = resources(Settings(data_dir=settings.data_dir, keep_versions=1))
    store = found["published"].store
    for run_id in ("one", "two"):
        with store.draft("pca_model", run_id):
            pass
    store.prune("pca_model")
    (kept,) = (settings.published_dir / "pca_model").iterdir()
    assert kept.name.endswith("-two")

    delivery = found["delivery"]
    delivery.ledger.record(Delivery("a" * 64, "a.csv", "accepted", "", 1, 1, "run"))
    assert settings.ledger_path.exists()
    assert (delivery.landing_dir, delivery.raw_dir) == (
        str(settings.landing_dir),
        str(settings.raw_dir),
    )
    assert delivery.contract == DeliveryContract()

    holdings = found["holdings"]
    assert holdings.ledger.deliveries() == []
    assert settings.holdings_ledger_path.exists()
    assert (holdings.landing_dir, holdings.raw_dir) == (
        str(settings.holdings_dir),
        str(settings.raw_holdings_dir),
    )
    assert holdings.contract == DeliveryContract().of_holdings()


def test_resource_override_keeps_others() -> None:
    mine = SparkResource(spark_config={"spark.app.name": "mine"})
    replaced = build_defs(resource_overrides={"spark": mine}).resources or {}
    assert replaced["spark"] is mine
    assert replaced.keys() == resources(Settings()).keys()


def test_run_keeps_erasures_out_until_it_ends(settings: Settings) -> None:
    @dg.asset
    def alone(published: resources_module.PublishedResource) -> None:
        with pytest.raises(RunInProgressError), held_by_erasure(published.store.folder):
            pass

    platform = resources(settings, spark=PretendedSpark(spark_config={}))
    assert run_assets(alone, resources=platform).failures == {}
    with held_by_erasure(settings.published_dir):
        pass
