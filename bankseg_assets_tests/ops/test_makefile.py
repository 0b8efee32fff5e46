"""Tests of the Makefile before anything is installed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.subprocess

ROOT = Path(__file__).parents[2]
TARGETS = (
    *("run", "materialize", "demo-data", "test", "test-fast", "faults", "lint", "clean"),
    *("sbom", "licences", "audit"),
    *("env", "dev", "lock", "docs", "help"),
)


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    # These tests are run by make, whose variables would be inherited.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )


def fake_python(folder: Path, answer: str) -> Path:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{answer}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_make_lists_every_target() -> None:
    output = make().stdout
    for target in TARGETS:
        assert f"  make {target} " in output


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "is not on PATH; install Python 3.11"),
        ("exit 1", "is not Python 3.11"),
        ('case "$2" in *ensurepip*) exit 1; esac', "apt-get install python3.11-venv"),
        ('case "$2" in venv) exit 1; esac', "free 4 GB of disk, or make the folder writable"),
    ],
    ids=["no python", "another python", "no venv module", "full disk"],
)
def test_make_reports_an_unsuitable_python(tmp_path: Path, answer: str | None, reason: str) -> None:
    python = tmp_path / "absent" if answer is None else fake_python(tmp_path, answer)
    result = make("env", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}")
    assert result.returncode == 2
    sentence, verdict = result.stderr.splitlines()
    assert sentence.startswith("bankseg: ")
    assert reason in sentence
    assert verdict.startswith("make: ***")


@pytest.mark.parametrize(
    ("test_code", "lint_code", "passes"),
    [(0, 0, True), (1, 0, False), (0, 1, False)],
)
def test_make_test_fails_on_tests_or_lint(
    tmp_path: Path, test_code: int, lint_code: int, passes: bool
) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    locks = tmp_path / "requirements"
    locks.mkdir()
    for name in ("run", "install", "deploy", "dev"):
        (locks / f"{name}.lock").touch()
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (tmp_path / ".venv" / ".installed").touch()
    (tmp_path / ".venv" / ".installed-dev").touch()
    fake_python(
        binaries, f'case "$2" in pytest) exit {test_code};; mypy) exit {lint_code};; esac; exit 0'
    )
    result = make("-C", str(tmp_path), "test")
    assert (result.returncode == 0) == passes
