"""Tests of the installation: pip's settings for uv, and errors in one sentence."""

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest

from ops import install
from ops.dev.lock import blocks
from ops.install import cause, parse_settings, uv_environment

INDEX = "https://mirror.invalid/simple"


def test_uv_uses_the_index_that_pip_is_configured_with() -> None:
    listed = f"global.index-url='{INDEX}'\nglobal.find-links='/a /b'\n:env:.cert='/ca.pem'\n"
    found = uv_environment(parse_settings(listed), {"HOME": "/root"})
    assert found["UV_DEFAULT_INDEX"] == INDEX
    assert found["UV_FIND_LINKS"] == "/a,/b"
    assert found["SSL_CERT_FILE"] == "/ca.pem"
    assert found["HOME"] == "/root"


def test_uv_settings_follow_pips_precedence() -> None:
    settings = {"global.index-url": "a", ":env:.index-url": "b", "install.index-url": "c"}
    assert uv_environment(settings, {})["UV_DEFAULT_INDEX"] == "b"
    assert uv_environment(settings, {"UV_DEFAULT_INDEX": "d"})["UV_DEFAULT_INDEX"] == "d"


def test_uv_gets_no_index_only_if_pip_has_none() -> None:
    assert "UV_NO_INDEX" in uv_environment({"global.no-index": "true"}, {})
    assert "UV_NO_INDEX" not in uv_environment({"global.no-index": "false"}, {})


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: No matching distribution found for altair==6.3.0", "does not answer"),
        ("error: error sending request for url (x)", "does not answer"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "differs from the one that was locked"),
        ("Hash mismatch for `six==1.17.0`", "differs from the one that was locked"),
        ("error: command 'x86_64-linux-gnu-gcc' failed: No such file", "needs a C compiler"),
        ("first line\nsomething else\n", "something else"),
    ],
)
def test_installation_error_names_cause_and_next_step(output: str, sentence: str) -> None:
    assert sentence in cause(output)
    assert "\n" not in cause(output)


def test_lock_is_divided_into_packages() -> None:
    lock = "a==1 \\\n    --hash=sha256:0\n    # via b\nb[x]==2 \\\n    --hash=sha256:1\n"
    assert list(blocks(lock)) == ["a==1", "b[x]==2"]
    assert blocks("") == {}


UNREACHABLE = "WARNING: Retrying after connection broken by 'ProxyError'\nERROR: none\n"
FULL = "error: failed to write: No space left on device (os error 28)\n"


def install_with(
    monkeypatch: pytest.MonkeyPatch, **failures: str | None
) -> tuple[int, list[Sequence[str]]]:
    """Return exit code and commands of an installation; `failures`: of tools, uv and packages."""
    commands: list[Sequence[str]] = []

    def run(command: Sequence[str], _: object) -> str | None:
        commands.append(command)
        if str(install.TOOLS) == command[-1]:
            return failures["tools"]
        return failures["uv" if command[0].endswith("uv") else "packages"]

    monkeypatch.setattr(install, "_run", run)
    monkeypatch.setattr(install, "pip_settings", dict)
    return install.main([str(install.LOCKS / "run.lock")]), commands


LOCK = "a==1\n    --hash=sha256:0\npyspark==4\n    --hash=sha256:1\nz==2\n    --hash=sha256:2\n"


def install_by_uv(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failing: str = ""
) -> tuple[str | None, list[tuple[bool, str]]]:
    """Return messages and commands (beside, packages); `failing`: packages of one that fails."""
    lock = tmp_path / "run.lock"
    lock.write_text(LOCK, encoding="utf-8")
    commands = []

    def run(command: Sequence[str], _: object) -> str | None:
        text = Path(command[-1]).read_text(encoding="utf-8")
        packages = " ".join(blocks(text))
        commands.append(("--target" in command, packages))
        assert {"--require-hashes", "--no-deps"} < set(command)
        return "it failed" if packages == failing else None

    monkeypatch.setattr(install, "_run", run)
    monkeypatch.setattr(install, "_compile", lambda _: commands.append((False, "compile")))
    monkeypatch.setattr(install, "is_installed", lambda _: False)
    return install._install_with_uv(tmp_path / "uv", [str(lock)], {}), commands


def test_source_package_is_built_beside_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failure, commands = install_by_uv(monkeypatch, tmp_path)
    assert failure is None
    assert set(commands[:-1]) == {(True, "pyspark==4"), (False, "a==1 z==2"), (False, "compile")}
    assert commands[-1] == (False, "a==1 pyspark==4 z==2")


@pytest.mark.parametrize("failing", ["pyspark==4", "a==1 z==2"])
def test_installation_ends_when_a_part_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failing: str
) -> None:
    failure, commands = install_by_uv(monkeypatch, tmp_path, failing)
    assert failure == "it failed"
    assert (False, "a==1 pyspark==4 z==2") not in commands


def test_installed_source_package_is_not_built(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lock = tmp_path / "run.lock"
    lock.write_text(LOCK, encoding="utf-8")
    commands: list[Sequence[str]] = []
    monkeypatch.setattr(install, "_run", lambda command, _: commands.append(command))
    monkeypatch.setattr(install, "is_installed", lambda _: True)
    install._install_with_uv(tmp_path / "uv", [str(lock)], {})
    assert [command[-1] for command in commands] == [str(lock)]


def test_pip_is_the_one_that_python_brings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "is_installed", lambda _: False)
    wheel = Path(install.pip_environment({"HOME": "/root"})["PYTHONPATH"])
    assert re.fullmatch(r"pip-.+\.whl", wheel.name)
    monkeypatch.setattr(install, "is_installed", lambda _: True)
    assert install.pip_environment({"HOME": "/root"}) == {"HOME": "/root"}


def test_compiled_imports_exist() -> None:
    """Errors are ignored when they are compiled; a package that was renamed would be missed."""
    names = [name for names in install.IMPORTED for name in names]
    assert [name for name in names if find_spec(name) is None] == []
    assert all((install.LOCKS.parent / name).is_dir() for name in install.PROJECT)


@pytest.mark.subprocess
def test_compiling_ends_with_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "IMPORTED", (("this.is.missing", "json.tool"),))
    monkeypatch.setattr(install, "PROJECT", ("ops/dev",))
    install._compile(lambda: False)
    monkeypatch.setattr(install, "PROJECT", ("bankseg_assets_tests",))
    begun = time.monotonic()
    install._compile(lambda: True)
    assert time.monotonic() - begun < 5


def test_installation_without_uv_uses_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip rejects a locked `gql==4` for dagster's `gql[requests]`, unless it installs no others."""
    code, commands = install_with(monkeypatch, tools="ERROR: no uv\n", uv=None, packages=None)
    assert code == 0
    assert [list(one[1:3]) for one in commands] == [["-m", "pip"], ["-m", "pip"]]
    assert "--no-deps" in commands[-1]
    assert "--require-hashes" in commands[-1]


def test_installation_offline_fails_soon_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, commands = install_with(monkeypatch, tools=UNREACHABLE, uv=None, packages=UNREACHABLE)
    assert code == 1
    assert [one[one.index("--retries") + 1] for one in commands] == ["1", "1"]
    (sentence,) = capsys.readouterr().err.splitlines()
    assert sentence.startswith("bankseg: the packages were not installed: the package index does")


def test_installation_on_a_full_disk_stops(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """pip would fail as well, with another message."""
    code, commands = install_with(monkeypatch, tools=None, uv=FULL, packages="ERROR: 5 hashes\n")
    assert code == 1
    assert len(commands) == 2
    assert "the disk is full. Free 4 GB" in capsys.readouterr().err


def test_installation_shows_messages_of_an_unknown_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install_with(monkeypatch, tools="first line\nlast line\n", uv=None, packages="a\nb\n")
    assert capsys.readouterr().err == "a\nb\n\nbankseg: the packages were not installed: b\n"


def test_installer_shows_progress_alone() -> None:
    lines = ["   Building pyspark==4.3.0", "Installed 109 packages", " + six==1.17.0"]
    lines += ["WARNING: Retrying", "ERROR: No matching distribution"]
    assert [line for line in lines if install.PROGRESS.match(line)] == lines[:2]


@pytest.mark.subprocess
def test_installation_imports_no_installed_package() -> None:
    """It runs before anything is installed: -S leaves site-packages out."""
    command = [sys.executable, "-S", "-c", "import ops.install"]
    subprocess.run(command, cwd=Path(__file__).parents[2], check=True)
