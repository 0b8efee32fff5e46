"""Install Chromium for the browser tests if allowed: `python -m ops.dev.ensure_chromium`."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALLATION = (
    ("apt-get", "update", "-qq"),
    ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"),
)

Run = Callable[[Sequence[str]], bool]


def find_chromium(path: str | None = None) -> str | None:
    """Return the browser's executable on `path`, by default PATH; None if there is none."""
    return next(filter(None, (shutil.which(name, path=path) for name in PROGRAMS)), None)


def may_install(environ: Mapping[str, str], user: int, path: str | None = None) -> bool:
    """Return whether packages may be installed: with apt, by root or on a CI machine."""
    return shutil.which("apt-get", path=path) is not None and (
        user == 0 or environ.get("CI") == "true"
    )


def ensure_chromium(
    run: Run, environ: Mapping[str, str], user: int, path: str | None = None
) -> bool:
    """Install Chromium if it is missing and this is allowed; return whether it is available."""
    if find_chromium(path):
        return True
    if may_install(environ, user, path):
        print("Installing Chromium for the browser tests ...", flush=True)
        all(run(command) for command in INSTALLATION)
    if find_chromium(path):
        return True
    print("No Chromium: the browser tests are skipped. Install it: apt-get install chromium")
    return False


def _run(command: Sequence[str]) -> bool:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return (
        subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, check=False).returncode == 0
    )


if __name__ == "__main__":
    ensure_chromium(_run, os.environ, os.geteuid())
