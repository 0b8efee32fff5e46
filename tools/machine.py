"""Machine and commit of a measurement, for the generated documents."""

import os
import platform
import subprocess


def machine() -> str:
    """Return a text with cores, memory, operating system and Python version."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{len(os.sched_getaffinity(0))} cores, {gigabytes:.0f} GB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )


def commit() -> str:
    """Return the measured commit, marked if the code has uncommitted changes."""
    # Not `describe --dirty`: the table itself changes during the measurement.
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    found = _git("describe", "--always")
    return f"{found} and changes" if changed else found or "an unknown commit"


def _git(*arguments: str) -> str:
    found = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return found.stdout.strip()
