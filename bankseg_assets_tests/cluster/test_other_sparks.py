"""The same code on a Spark cluster and through Spark Connect makes the same tables and models.

Minutes, and a Spark of several processes: `make cluster` runs it, `make test` does not.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bankseg_assets.runtime.java import find_java_home
from tools.cluster.batches import COMPARED, Batch, deliver, run_batches
from tools.cluster.servers import N_WORKERS, Cluster, connect_server, standalone
from tools.faults.state import differences

pytestmark = pytest.mark.cluster

# What Spark's own ALS keeps of a fit, a few floats a product here, until Java collects it.
OF_ALS = {"userFactors", "itemFactors"}


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with demo files, and nothing computed."""
    folder = tmp_path_factory.mktemp("delivered") / "data"
    deliver(folder)
    return folder


@pytest.fixture(scope="module")
def local(delivered: Path, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    """What one machine makes of them."""
    return run_batches(delivered, tmp_path_factory.mktemp("local") / "data", {})


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    with standalone(folder, find_java_home(folder / "java")) as cluster:
        yield cluster


def test_everything_is_compared_and_was_made(local: Batch) -> None:
    assert set(local.state) == set(COMPARED)
    assert [asset for asset, digest in local.state.items() if not digest] == []


def test_a_cluster_makes_the_same_tables_and_models(
    delivered: Path, local: Batch, cluster: Cluster, tmp_path: Path
) -> None:
    before = cluster.executors()
    environ = cluster.environ | {"BANKSEG_SPARK_MASTER": cluster.url}
    batch = run_batches(delivered, tmp_path / "data", environ)
    assert differences(batch.state, local.state) == ""
    # Two batches, each on all workers: the work was done there.
    assert cluster.executors() - before == 2 * N_WORKERS


def test_spark_connect_makes_the_same_tables_and_models_and_holds_nothing_back(
    delivered: Path, local: Batch, cluster: Cluster, tmp_path: Path
) -> None:
    with connect_server(tmp_path / "server", cluster) as server:
        # The client starts no JVM, so it needs no Java and none of the cluster's configuration.
        environ = {"BANKSEG_SPARK_REMOTE": server.url, "JAVA_HOME": "", "PATH": "/usr/bin:/bin"}
        batch = run_batches(delivered, tmp_path / "data", environ)
        assert differences(batch.state, local.state) == ""
        assert "NOT supported in Spark Connect" not in batch.log
        # It outlives its clients: what a run leaves in memory, the server would keep for ever.
        held = {rdd["name"] for rdd in server.held_in_memory()}
        assert held - OF_ALS == set()
