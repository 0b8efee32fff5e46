"""The whole tree of a command's processes is measured, and a failure is told."""

import sys
from pathlib import Path

import pytest

from tools.bench.measured import CommandFailedError, measure

MIB = 1 << 20
# A child with memory of its own, which lives long enough to be looked at.
WITH_A_CHILD = """
import subprocess, sys
hold = "import time; held = bytearray(b'x' * (64 << 20)); time.sleep(1); print(len(held))"
subprocess.run([sys.executable, "-c", hold], check=True)
"""


def test_memory_and_time_of_children_count(tmp_path: Path) -> None:
    found = measure([sys.executable, "-c", WITH_A_CHILD], folder=tmp_path)
    assert found.memory >= 64 * MIB
    assert found.seconds >= 1
    assert 0 < found.cpu_seconds < 60
    assert found.output == f"{64 * MIB}\n"


def test_a_child_that_has_only_been_forked_is_not_its_parent_once_more(tmp_path: Path) -> None:
    code = (
        "import os, time; held = bytearray(b'x') * (256 << 20); child = os.fork(); "
        "time.sleep(1); child and os.waitpid(child, 0)"
    )
    found = measure([sys.executable, "-c", code], folder=tmp_path)
    assert 256 * MIB <= found.memory < 400 * MIB


def test_a_command_that_fails_is_told_with_the_end_of_its_output(tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError, match=r"ended with 3:\nno luck"):
        measure([sys.executable, "-c", "print('no luck'); exit(3)"], folder=tmp_path)


def test_a_command_sees_the_environment_that_it_is_given(tmp_path: Path) -> None:
    code = "import os; print(os.environ['BANKSEG_TOY'])"
    found = measure([sys.executable, "-c", code], folder=tmp_path, environ={"BANKSEG_TOY": "1"})
    assert found.output == "1\n"
