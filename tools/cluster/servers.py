"""Spark servers on loopback from the pip-installed pyspark: standalone cluster and Connect."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyspark

from bankseg_assets.runtime.spark import DEEP_STACK
from ops.launch.processes import ProcessTree
from tools.cluster.waiting import HOST, free_port, listens, read, wait_for

HOME = Path(pyspark.__file__).parent
N_WORKERS = 2
DEFAULTS = """\
# What a bank's administrators may have set: a plain path is then HDFS's for Spark, and the disk's
# for Python. No such host exists, so whatever asks for it fails.
spark.hadoop.fs.defaultFS hdfs://hdfs.invalid:8020
# 200 tasks a shuffle, Spark's default, are slow on two cores and change no result.
spark.sql.shuffle.partitions 3
"""


@dataclass(frozen=True)
class Cluster:
    """A standalone cluster of two workers with one core and 1 GB each."""

    url: str
    environ: dict[str, str]
    """For clients: `SPARK_CONF_DIR` names the defaults of the cluster."""
    work: Path
    """The workers' folders: work/<worker>/<application>/<executor>."""

    def executors(self) -> int:
        """Return how many executors have run."""
        return len(list(self.work.glob("*/app-*/*/stderr")))


@dataclass(frozen=True)
class ConnectServer:
    """The address of a Spark Connect server and of its web UI."""

    url: str
    pages: str

    def held_in_memory(self) -> list[dict[str, Any]]:
        """Return the RDDs that clients persisted on the server and did not unpersist."""
        (application,) = self._get("applications")
        found: list[dict[str, Any]] = self._get(f"applications/{application['id']}/storage/rdd")
        return found

    def _get(self, about: str) -> Any:
        return json.loads(read(f"{self.pages}/api/v1/{about}"))


@contextmanager
def standalone(folder: Path, java_home: Path) -> Iterator[Cluster]:
    """Run a master and its workers; `folder` is for logs, defaults and scratch."""
    environ = _environment(folder, java_home)
    port, page = str(free_port()), str(free_port())
    url = f"spark://{HOST}:{port}"
    with ProcessTree() as processes:
        master = processes.start(
            "master",
            _command("master.Master", "--port", port, "--webui-port", page),
            environ=environ,
            log=folder / "master.log",
        )
        wait_for(master, lambda: listens(int(port)) and listens(int(page)))
        for number in map(str, range(N_WORKERS)):
            work = str(folder / "work" / number)
            limits = ("--cores", "1", "--memory", "1g", "--webui-port", "0", "--work-dir", work)
            processes.start(
                f"worker {number}",
                _command("worker.Worker", *limits, url),
                environ=environ,
                log=folder / f"worker_{number}.log",
            )
        together = f'"cores" : {N_WORKERS},'
        wait_for(master, lambda: together in read(f"http://{HOST}:{page}/json/"))
        yield Cluster(url, environ, folder / "work")


@contextmanager
def connect_server(folder: Path, cluster: Cluster) -> Iterator[ConnectServer]:
    """Run a Spark Connect server whose executors are the cluster's."""
    port, page = free_port(), free_port()
    # With Spark Connect these settings belong to the server and apply to all its sessions.
    configuration = {
        "spark.connect.grpc.binding.address": HOST,
        "spark.connect.grpc.binding.port": port,
        "spark.ui.port": page,
        "spark.driver.extraJavaOptions": DEEP_STACK,
        "spark.executor.extraJavaOptions": DEEP_STACK,
    }
    with ProcessTree() as processes:
        server = processes.start(
            "connect",
            [
                HOME / "bin" / "spark-submit",
                *("--class", "org.apache.spark.sql.connect.service.SparkConnectServer"),
                *("--master", cluster.url),
                *(part for key, of in configuration.items() for part in ("--conf", f"{key}={of}")),
                "spark-internal",
            ],
            environ=cluster.environ,
            log=folder / "connect.log",
        )
        wait_for(server, lambda: listens(port) and listens(page))
        yield ConnectServer(f"sc://{HOST}:{port}", f"http://{HOST}:{page}")


def _command(name: str, *arguments: str) -> list[str | Path]:
    program = HOME / "bin" / "spark-class"
    return [program, f"org.apache.spark.deploy.{name}", "--host", HOST, *arguments]


def _environment(folder: Path, java_home: Path) -> dict[str, str]:
    conf = folder / "conf"
    conf.mkdir(parents=True)
    (conf / "spark-defaults.conf").write_text(DEFAULTS, encoding="utf-8")
    return {
        **os.environ,
        "JAVA_HOME": str(java_home),
        "SPARK_HOME": str(HOME),
        "SPARK_CONF_DIR": str(conf),
        "SPARK_LOCAL_DIRS": str(folder / "scratch"),
        "SPARK_LOCAL_IP": HOST,
    }
