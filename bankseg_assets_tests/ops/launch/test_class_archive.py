"""The command that makes the archive of Spark's classes; the batch itself is pretended."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bankseg_assets.runtime import class_archive as archives
from bankseg_assets.runtime.class_archive import ArchiveError, archive_path
from bankseg_assets.runtime.java import find_java_home
from bankseg_assets.runtime.settings import DEFAULT_CONTRACT, Settings
from ops.demo import transactions
from ops.launch import class_archive, materialize
from ops.launch.class_archive import is_missing, main, train
from ops.launch.run import background_commands

pytestmark = pytest.mark.subprocess


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for archives, and a data folder."""
    monkeypatch.setattr(archives, "ROOT", tmp_path / "share")
    monkeypatch.setattr(os, "nice", lambda _: 0)
    monkeypatch.setenv("BANKSEG_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JAVA_HOME", str(find_java_home(tmp_path / "java")))
    return tmp_path / "share"


def raising(error: BaseException) -> Callable[..., Path]:
    def build(*_: object) -> Path:
        raise error

    return build


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ArchiveError("the disk is full"), 1, "was not made: the disk is full."),
        (OSError(30, "Read-only file system"), 1, "was not made: [Errno 30] Read-only file system"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_failed_build_is_one_line(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    line: str,
) -> None:
    monkeypatch.setattr(class_archive, "build", raising(error))
    assert main([]) == code
    output = capfd.readouterr().out
    assert line in output
    assert len(output.splitlines()) == bool(line)


def test_unwritable_environment_is_one_line(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    root.write_text("in the way of the folder", encoding="utf-8")
    assert main([]) == 1
    assert "was not made" in capfd.readouterr().out


def test_cluster_needs_no_archive(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BANKSEG_SPARK_MASTER", "spark://head:7077")
    monkeypatch.setattr(class_archive, "build", raising(AssertionError()))
    assert main([]) == 0
    assert not is_missing(Settings(data_dir=tmp_path, spark_master="spark://head:7077"))


def test_platform_makes_a_missing_archive(root: Path, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    [(name, command)] = background_commands(settings)
    assert name == "class-archive"
    assert command[-2:] == ["ops.launch.class_archive", "--when-idle"]
    root.mkdir()
    archive_path(find_java_home(tmp_path / "java")).with_suffix(".json").write_text("{}")
    assert background_commands(settings) == []


def test_training_has_own_settings(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's contract does not fit the demo data."""
    seen = {}

    def see(_: object) -> int:
        seen.update({k: v for k, v in os.environ.items() if k.startswith("BANKSEG_")})
        return 1

    monkeypatch.setenv("BANKSEG_CONTRACT", "/another/contract.toml")
    monkeypatch.setenv("BANKSEG_KEEP_VERSIONS", "9")
    monkeypatch.setattr(transactions, "main", lambda _: None)
    monkeypatch.setattr(materialize, "main", see)
    monkeypatch.setattr(class_archive, "_gateway", lambda: None)  # the suite's, which it would end
    with pytest.raises(ArchiveError, match="the training batch ended with exit code 1"):
        train(root / "data")
    assert seen == {
        "BANKSEG_DATA_DIR": str(root / "data"),
        "BANKSEG_CONTRACT": str(DEFAULT_CONTRACT),
    }
