"""Tests of measuring a command with all its child processes."""

import sys
from pathlib import Path

import pytest

from tools.bench.measured import CommandFailedError, measure

pytestmark = pytest.mark.subprocess

MIB = 1 << 20
# A child with memory of its own that lives long enough to be sampled.
WITH_A_CHILD = """
import subprocess, sys
hold = "import time; held = bytearray(b'x' * (64 << 20)); time.sleep(1); print(len(held))"
subprocess.run([sys.executable, "-c", hold], check=True)
"""


def test_measure_includes_child_processes(tmp_path: Path) -> None:
    found = measure([sys.executable, "-c", WITH_A_CHILD], folder=tmp_path)
    assert found.memory >= 64 * MIB
    assert found.seconds >= 1
    assert 0 < found.cpu_seconds < 60
    assert found.output == f"{64 * MIB}\n"


def test_measure_counts_shared_pages_of_a_fork_once(tmp_path: Path) -> None:
    code = (
        "import os, time; held = bytearray(b'x') * (256 << 20); child = os.fork(); "
        "time.sleep(1); child and os.waitpid(child, 0)"
    )
    found = measure([sys.executable, "-c", code], folder=tmp_path)
    assert 256 * MIB <= found.memory < 400 * MIB


def test_measure_reports_output_of_a_failed_command(tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError, match=r"ended with 3:\nno luck"):
        measure([sys.executable, "-c", "print('no luck'); exit(3)"], folder=tmp_path)


def test_measure_passes_the_environment(tmp_path: Path) -> None:
    code = "import os; print(os.environ['BANKSEG_TOY'])"
    found = measure([sys.executable, "-c", code], folder=tmp_path, environ={"BANKSEG_TOY": "1"})
    assert found.output == "1\n"
