"""What a figure was measured on, for the documents that the measuring commands write."""

import os
import platform
import subprocess


def machine() -> str:
    """Return cores, memory, system and Python."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{len(os.sched_getaffinity(0))} cores, {gigabytes:.0f} GB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )


def commit() -> str:
    """Return the commit that was measured, marked when the code is not that of the commit."""
    # Not `describe --dirty`: the table itself is written while it is measured.
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    found = _git("describe", "--always")
    return f"{found} and changes" if changed else found or "an unknown commit"


def _git(*arguments: str) -> str:
    found = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return found.stdout.strip()
