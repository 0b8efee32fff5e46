"""The archive of Spark's classes: used when complete, made whole or not at all."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from bankseg_assets.runtime import class_archive
from bankseg_assets.runtime.class_archive import (
    RECORD_TO,
    ArchiveError,
    archive_path,
    build,
    java_options,
)
from bankseg_assets.runtime.java import find_java_home
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.runtime.spark import spark_config

pytestmark = pytest.mark.subprocess


class Made(NamedTuple):
    java_home: Path
    root: Path


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A pretended Java that accepts every archive, and an empty folder for archives."""
    home = tmp_path / "jdk"
    pretend_java(home, "exit 0")
    monkeypatch.setenv("JAVA_HOME", str(home))
    monkeypatch.setattr(class_archive, "ROOT", tmp_path / "share")
    return Made(home, tmp_path / "share")


def pretend_java(home: Path, body: str) -> None:
    for name in ("bin/java", "lib/modules", "lib/server/libjvm.so", "lib/server/classes.jsa"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()
    (home / "bin" / "java").write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    (home / "bin" / "java").chmod(0o755)


def record(_data: Path) -> str:
    Path(os.environ[RECORD_TO]).write_bytes(b"classes")
    return "a.jar:b.jar"


def test_java_options_are_empty_without_an_archive(made: Made, tmp_path: Path) -> None:
    assert java_options() == ""
    made.root.mkdir()
    assert java_options() == ""
    assert "jsa" not in driver_options(tmp_path)


def driver_options(folder: Path, master: str = "local[2]") -> str:
    settings = Settings(data_dir=folder, spark_master=master)
    return spark_config(settings)["spark.driver.extraJavaOptions"]


def test_built_archive_is_used_in_local_mode_alone(made: Made, tmp_path: Path) -> None:
    archive = build(made.java_home, record)
    assert f"-XX:SharedArchiveFile={archive}" in driver_options(tmp_path)
    assert "jsa" not in driver_options(tmp_path, "spark://head:7077")


def test_archive_belongs_to_one_java(made: Made, tmp_path: Path) -> None:
    build(made.java_home, record)
    (made.java_home / "lib" / "modules").write_bytes(b"an update")
    assert java_options() == ""


def test_archive_of_packaged_java_is_that_of_its_shim(tmp_path: Path) -> None:
    shim = find_java_home(tmp_path / "shim", {"PATH": ""})
    packaged = (shim / "lib").resolve().parent
    assert archive_path(shim) == archive_path(packaged)


def test_archive_belongs_to_its_jars(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jars = tmp_path / "jars"
    jars.mkdir()
    (jars / "spark.jar").write_bytes(b"1")
    monkeypatch.setattr(class_archive, "_jars_folder", lambda: jars)
    first = archive_path(made.java_home)
    os.utime(jars / "spark.jar", (0, 0))
    second = archive_path(made.java_home)
    (jars / "more.jar").touch()
    assert len({first, second, archive_path(made.java_home)}) == 3


def test_build_records_with_an_option_and_only_once(made: Made) -> None:
    options = []

    def train(data: Path) -> str:
        options.append(java_options())
        return record(data)

    assert build(made.java_home, train) == build(made.java_home, train)
    assert [option.count("-XX:ArchiveClassesAtExit=") for option in options] == [1]
    assert RECORD_TO not in os.environ


def test_build_removes_archives_of_other_javas(made: Made) -> None:
    build(made.java_home, record)
    (made.java_home / "lib" / "modules").write_bytes(b"an update")
    new = build(made.java_home, record)
    assert set(made.root.glob("*.js*")) == {new, new.with_suffix(".json")}


def fail(_data: Path) -> str:
    raise ArchiveError("the batch failed")


@pytest.mark.parametrize("train", [fail, lambda _: "a.jar"], ids=["fails", "writes nothing"])
def test_failed_training_leaves_nothing(made: Made, train: Callable[[Path], str]) -> None:
    with pytest.raises(ArchiveError):
        build(made.java_home, train)
    assert [path.name for path in made.root.iterdir()] == [".lock"]
    assert java_options() == ""


def test_archive_that_java_rejects_is_not_made_again(made: Made) -> None:
    pretend_java(made.java_home, "echo mismatch; exit 1")
    archive = build(made.java_home, record)
    assert java_options() == ""
    assert build(made.java_home, fail) == archive
    assert not archive.exists()


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("damage", [truncate, Path.unlink])
def test_damaged_archive_is_made_again(made: Made, damage: Callable[[Path], None]) -> None:
    """A truncated one ends Java 17 with SIGABRT."""
    archive = build(made.java_home, record)
    damage(archive)
    assert java_options() == ""
    build(made.java_home, record)
    assert java_options()


def test_full_disk_refuses_the_build(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil._ntuple_diskusage(10**9, 10**9 - 1, 399 * 10**6)  # type: ignore[attr-defined]
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ArchiveError, match="399 MB free, and 400 MB are needed"):
        build(made.java_home, record)


KILLED = """
import os, sys, time
from pathlib import Path
from bankseg_assets.runtime import class_archive
from bankseg_assets.runtime.class_archive import RECORD_TO

def train(data):
    Path(os.environ[RECORD_TO]).write_bytes(b"half")
    print("recording", flush=True)
    time.sleep(60)

class_archive.ROOT = Path(sys.argv[2])
class_archive.build(Path(sys.argv[1]), train)
"""


def test_killed_build_leaves_no_archive(made: Made) -> None:
    command = [sys.executable, "-c", KILLED, str(made.java_home), str(made.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == "recording\n"
        with pytest.raises(ArchiveError, match="another process"):
            build(made.java_home, record)
        builder.send_signal(signal.SIGKILL)
        builder.wait()
    assert java_options() == ""
    archive = build(made.java_home, record)
    record_name = archive.with_suffix(".json").name
    assert {path.name for path in made.root.iterdir()} == {".lock", archive.name, record_name}


def real_archive(java_home: Path) -> Path:
    """Record an archive of few classes, with a class path that is not Spark's."""

    def train(data: Path) -> str:
        java, options = java_home / "bin" / "java", java_options().split()
        command = [java, *options, "-cp", str(data.parent), "-version"]
        subprocess.run(command, check=True, capture_output=True)
        return str(data.parent)

    return build(java_home, train)


@pytest.mark.slow
@pytest.mark.parametrize("is_removed", [True, False])
@pytest.mark.parametrize("collector", ["Parallel", "Serial", "G1"])
@pytest.mark.parametrize("java", ["found", "packaged"])
def test_unsuitable_archive_is_ignored_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_removed: bool, collector: str, java: str
) -> None:
    """It has another class path, or is removed before Java starts."""
    home = find_java_home(tmp_path / "java", {"PATH": ""} if java == "packaged" else None)
    monkeypatch.setenv("JAVA_HOME", str(home))
    monkeypatch.setattr(class_archive, "ROOT", tmp_path)
    archive = real_archive(home)
    options = java_options().split()
    assert str(archive) in options[-1]
    if is_removed:
        archive.unlink()
    command = [home / "bin" / "java", *options, f"-XX:+Use{collector}GC", "-version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "version" in done.stderr.splitlines()[0]
    assert len(done.stderr.splitlines()) == 3


SPARK = """
import sys
from pathlib import Path
from bankseg_assets.runtime import class_archive
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.runtime.spark import prepare_process, spark_config
from pyspark.sql import SparkSession

class_archive.ROOT = Path(sys.argv[1])
settings = Settings(data_dir=Path(sys.argv[2]), spark_master="local[1]")
prepare_process(settings)
config = spark_config(settings)
assert "jsa" in config["spark.driver.extraJavaOptions"]
builder = SparkSession.builder
for name, value in config.items():
    builder = builder.config(name, value)
print(builder.getOrCreate().range(5).count())
"""


@pytest.mark.slow
def test_spark_starts_with_an_unsuitable_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = find_java_home(tmp_path / "data" / "java")
    monkeypatch.setenv("JAVA_HOME", str(home))
    monkeypatch.setattr(class_archive, "ROOT", tmp_path)
    real_archive(home)
    command = [sys.executable, "-c", SPARK, str(tmp_path), str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "5\n"
    assert "hared" not in done.stderr
    assert "cds" not in done.stderr
