"""Tests of the installation: pip's settings for uv, and errors in one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.subprocess
def test_installation_imports_no_installed_package() -> None:
    """It runs before anything is installed: -S leaves site-packages out."""
    command = [sys.executable, "-S", "-c", "import ops.install"]
    subprocess.run(command, cwd=Path(__file__).parents[2], check=True)
