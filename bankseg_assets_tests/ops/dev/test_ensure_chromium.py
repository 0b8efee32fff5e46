"""Chromium is installed only where allowed; elsewhere one line says how."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from ops.dev.ensure_chromium import INSTALLATION, PROGRAMS, ensure_chromium, may_install

ROOT = 0
USER = 1000


def program(folder: Path, name: str) -> None:
    path = folder / name
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)


def never(_command: Sequence[str]) -> bool:
    raise AssertionError("nothing was to be installed")


@pytest.mark.parametrize("name", PROGRAMS)
def test_installed_browser_is_found(tmp_path: Path, name: str) -> None:
    program(tmp_path, name)
    program(tmp_path, "apt-get")
    assert ensure_chromium(never, {}, ROOT, str(tmp_path))


@pytest.mark.parametrize(
    ("environ", "user", "allowed"),
    [({}, ROOT, True), ({"CI": "true"}, USER, True), ({}, USER, False)],
)
def test_only_root_or_a_ci_machine_installs_packages(
    tmp_path: Path, environ: dict[str, str], user: int, allowed: bool
) -> None:
    assert not may_install(environ, user, str(tmp_path))
    program(tmp_path, "apt-get")
    assert may_install(environ, user, str(tmp_path)) == allowed


def test_a_missing_browser_is_installed(tmp_path: Path) -> None:
    program(tmp_path, "apt-get")
    commands = []

    def install(command: Sequence[str]) -> bool:
        commands.append(command)
        if "install" in command:
            program(tmp_path, "chromium")
        return True

    assert ensure_chromium(install, {}, ROOT, str(tmp_path))
    assert commands == list(INSTALLATION)


def test_an_installation_that_fails_skips_the_browser_tests(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program(tmp_path, "apt-get")
    assert not ensure_chromium(lambda _: False, {}, ROOT, str(tmp_path))
    last_line = capsys.readouterr().out.splitlines()[-1]
    assert last_line == (
        "No Chromium: the browser tests are skipped. Install it: apt-get install chromium"
    )
