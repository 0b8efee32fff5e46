"""`make audit` says whether packages were compared; a missing network is not a clean result."""

from pathlib import Path

import pytest

from ops.dev.audit import NOT_COMPARED, WEAKNESS, main

pytestmark = pytest.mark.subprocess

FOUND = "Found 1 known vulnerability in 1 package"


def answering(folder: Path, text: str, code: int) -> str:
    """Return a program in place of Python with pip-audit, which records its arguments."""
    path = folder / "python"
    path.write_text(
        f'#!/bin/sh\necho "$@" > {folder}/arguments\necho "{text}" >&2\nexit {code}\n', "utf-8"
    )
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    "text",
    [
        "ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed: connection refused",
        "ERROR:pip_audit._cli:Failed to establish a new connection: Name resolution failed",
        "ERROR:pip_audit._cli:pandas: Dependency not found on PyPI and could not be audited",
    ],
)
def test_audit_without_lists_says_what_to_do(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str
) -> None:
    assert main([answering(tmp_path, text, 1), "pypi"]) == NOT_COMPARED
    said = capfd.readouterr().err
    assert "the lists of 'pypi' were not reached, so no package was compared" in said
    assert "SERVICE=osv" in said


def test_audit_reports_weaknesses(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([answering(tmp_path, FOUND, 1), "osv"]) == WEAKNESS
    assert FOUND in capfd.readouterr().err
    assert main([answering(tmp_path, "No known vulnerabilities found", 0), "osv"]) == 0


def test_audit_compares_every_lock_strictly(tmp_path: Path) -> None:
    main([answering(tmp_path, "", 0), "osv"])
    arguments = (tmp_path / "arguments").read_text("utf-8")
    for lock in ("run.lock", "deploy.lock", "dev.lock", "install.lock"):
        assert lock in arguments
    assert "audit.lock" not in arguments
    assert "--strict" in arguments
    assert "-s osv" in arguments
