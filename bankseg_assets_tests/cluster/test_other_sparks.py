"""A Spark cluster and Spark Connect give the same tables and models as one machine.

Takes minutes and runs several Spark processes: part of `make cluster`, not of `make test`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bankseg_assets.runtime.java import find_java_home
from tools.cluster.batches import COMPARED, Batch, deliver, run_batches
from tools.cluster.servers import N_WORKERS, Cluster, connect_server, standalone
from tools.faults.state import differences

pytestmark = pytest.mark.cluster

# RDDs that Spark's ALS persists until Java collects them: a few floats per product here.
OF_ALS = {"userFactors", "itemFactors"}


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with demo files and no published assets."""
    folder = tmp_path_factory.mktemp("delivered") / "data"
    deliver(folder)
    return folder


@pytest.fixture(scope="module")
def local(delivered: Path, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """The batch on local Spark."""
    return run_batches(delivered, tmp_path_factory.mktemp("local") / "data", {})


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    with standalone(folder, find_java_home(folder / "java")) as cluster:
        yield cluster


def test_local_batch_made_every_compared_asset(local: Batch) -> None:
    assert set(local.state) == set(COMPARED)
    assert [asset for asset, digest in local.state.items() if not digest] == []


def test_cluster_gives_the_same_tables_and_models(
    delivered: Path, local: Batch, cluster: Cluster, tmp_path: Path
) -> None:
    before = cluster.executors()
    environ = cluster.environ | {"BANKSEG_SPARK_MASTER": cluster.url}
    batch = run_batches(delivered, tmp_path / "data", environ)
    assert differences(batch.state, local.state) == ""
    # Two batches, each with executors on all workers.
    assert cluster.executors() - before == 2 * N_WORKERS


def test_spark_connect_gives_the_same_and_frees_memory(
    delivered: Path, local: Batch, cluster: Cluster, tmp_path: Path
) -> None:
    with connect_server(tmp_path / "server", cluster) as server:
        # The client starts no JVM, so it needs neither Java nor the cluster's configuration.
        environ = {"BANKSEG_SPARK_REMOTE": server.url, "JAVA_HOME": "", "PATH": "/usr/bin:/bin"}
        batch = run_batches(delivered, tmp_path / "data", environ)
        assert differences(batch.state, local.state) == ""
        assert "NOT supported in Spark Connect" not in batch.log
        # The server outlives its clients and would keep what a run leaves in memory.
        held = {rdd["name"] for rdd in server.held_in_memory()}
        assert held - OF_ALS == set()
