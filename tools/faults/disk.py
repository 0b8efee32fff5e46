"""Scenario: a full disk (a separate tmpfs), including Dagster's databases."""

import os
import random
import shutil
import subprocess

from tools.faults.lab import EVERYTHING_JOB, Lab, Platform, compare
from tools.faults.scenario import FaultError, Outcome, scenario
from tools.faults.state import EVERYTHING

ROOMY = "size=2g"


@scenario("disk-full", "the disk is full while a batch runs (tmpfs)")
def disk_full(lab: Lab, seed: int) -> Outcome:
    """After space is freed, the next batch succeeds."""
    copy, outcome = lab.serving(1), Outcome(holds=False)
    platform = Platform(copy.data_dir.with_name(f"{copy.data_dir.name}-tmpfs"))
    platform.data_dir.mkdir()
    _mount("-t", "tmpfs", "-o", ROOMY, "tmpfs", str(platform.data_dir))
    try:
        shutil.copytree(copy.data_dir, platform.data_dir, symlinks=True, dirs_exist_ok=True)
        platform.deliver(lab.files[1])
        used = _used(platform)
        # From no space to almost what a batch of this size needs.
        room = random.Random(seed).randint(0, 3_000_000)
        _mount("-o", f"remount,size={used + room}", str(platform.data_dir))
        with lab.watched(platform, outcome):
            code = platform.batch(*EVERYTHING_JOB)
            outcome.detail = f"{room // 1000} kB free: exit code {code}"
            _mount("-o", f"remount,{ROOMY}", str(platform.data_dir))
            outcome.seconds["rerun"] = platform.rerun(*EVERYTHING_JOB)
        compare(platform, lab.refitted(1, 2), EVERYTHING, outcome)
    finally:
        subprocess.run(["umount", "--lazy", str(platform.data_dir)], check=True)
        lab.discard(copy)
    return outcome


def _used(platform: Platform) -> int:
    found = os.statvfs(platform.data_dir)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


def _mount(*arguments: str) -> None:
    result = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if result.returncode:
        raise FaultError(f"a tmpfs cannot be mounted here: {result.stderr.strip()}")
