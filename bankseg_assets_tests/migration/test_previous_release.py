"""The release in use is read completely, or an error says why it is not comparable."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from bankseg_assets.migration.previous_release import (
    NothingToCompareError,
    PreviousRelease,
    read_previous_release,
)
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.past import COLUMNS, FEATURE, publish_customers, publish_past

OLD = pa.table(
    {
        "customer_id": ["C1"],
        "segment": pa.array([0], pa.int32()),
        "snapshot_date": pa.array([0], pa.date32()),
        "monetary": pa.array([1], pa.decimal128(18, 2)),
        "recency": pa.array([3], pa.int32()),
    }
)


@pytest.fixture
def store(tmp_path: Path) -> VersionStore:
    return VersionStore(tmp_path)


def read(store: VersionStore, new: pa.Table = OLD, **expected: Any) -> PreviousRelease:
    expected = {"is_demo": False, "customer_key": "customer_id"} | expected
    return read_previous_release(store.folder, customers=publish_customers(store, new), **expected)


def refused(store: VersionStore, **expected: Any) -> str:
    with pytest.raises(NothingToCompareError) as message:
        read(store, **expected)
    return str(message.value)


def test_release_in_use_is_read_not_newest_version(store: VersionStore) -> None:
    name = publish_past(store, OLD)
    found = read(store)
    assert found.release == name
    assert found.customers[0].parent != store.latest("customer_segments")
    assert (found.mean, found.scale, found.components) == ([10.0], [5.0], [[1.0]])
    assert found.centroids.tolist() == [[-1.0], [1.0]]
    assert (found.shares, found.covariances) == (None, None)
    assert found.names == ("Recent", "Dormant")
    assert found.colours == (0, 1)
    assert found.columns == list(COLUMNS)


def test_mixture_is_read_with_all_parameters(store: VersionStore) -> None:
    mixture = {"shares": [0.4, 0.6], "covariances": [[[1.0]], [[2.0]]], "colours": [5, 2]}
    publish_past(store, OLD, kmeans=mixture)
    found = read(store)
    assert found.shares is not None
    assert found.covariances is not None
    assert (found.shares.tolist(), found.covariances.shape) == ([0.4, 0.6], (2, 1, 1))
    assert found.colours == (5, 2)


def test_no_release_raises(store: VersionStore) -> None:
    assert refused(store) == "This is the first release: there is no previous snapshot."


@pytest.mark.parametrize("was_demo", [True, False])
def test_demo_and_own_data_are_not_compared(store: VersionStore, *, was_demo: bool) -> None:
    publish_past(store, OLD, manifest={"is_demo": was_demo})
    assert read(store, is_demo=was_demo)
    message = refused(store, is_demo=not was_demo)
    kinds = ("the bank's own data", "demo data")
    assert message == (
        f"The release in use has {kinds[was_demo]}, and this one has {kinds[not was_demo]}."
    )


def test_customers_by_another_key_are_not_compared(store: VersionStore) -> None:
    publish_past(store, OLD)
    message = refused(store, customer_key="concat(birth_date, location)")
    assert "`concat(birth_date, location)`, but `customer_id` in" in message


def test_release_without_recorded_key_is_compared(store: VersionStore) -> None:
    publish_past(store, OLD, manifest={"customer_key": ""})
    assert read(store, customer_key="any")


def remove_a_file(store: VersionStore) -> None:
    (store.versions("customer_segments")[0] / "part.parquet").unlink()


def remove_a_folder(store: VersionStore) -> None:
    folder = store.versions("pca_model")[0]
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()


def flip_a_byte(store: VersionStore) -> None:
    file = store.versions("customer_segments")[0] / "part.parquet"
    content = bytearray(file.read_bytes())
    content[10] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("damage", [remove_a_file, remove_a_folder, flip_a_byte])
def test_damaged_release_is_not_compared_with(
    store: VersionStore, damage: Callable[[VersionStore], None]
) -> None:
    name = publish_past(store, OLD)
    damage(store)
    assert refused(store).startswith(f"The release in use, {name}, is damaged: ")


@pytest.mark.parametrize(
    "change",
    [
        {"kmeans": {"centroids": "gone"}},
        {"pca": {"features": [FEATURE | {"unheard": "of"}]}},
        {"manifest": {"versions": {}}},
    ],
)
def test_model_of_another_kind_is_not_compared_with(
    store: VersionStore, change: dict[str, Any]
) -> None:
    publish_past(store, OLD, **change)
    assert "holds no segments that can be read" in refused(store)


def test_table_without_measure_of_model_is_not_compared(store: VersionStore) -> None:
    publish_past(store, OLD)
    message = refused(store, new=OLD.drop_columns(["recency"]))
    assert message == (
        "The column recency of customer_segments was int32 in the release in use, and is not "
        "there now."
    )


def test_table_with_another_type_is_not_compared(store: VersionStore) -> None:
    publish_past(store, OLD.cast(pa.schema([*list(OLD.schema)[:-1], ("recency", pa.int64())])))
    assert "was int64 in the release in use, and is int32 now" in refused(store)
