"""Lock the packages of pyproject.toml with hashes: `python -m ops.dev.lock [PACKAGE...]`.

Versions that are locked stay, except of the named packages, which get their newest version; `all`
renews every package. Everything is resolved together, then divided: what runs, what deploys, what
tests. The files contain no address of an index.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ops.install import LOCKS, TOOLS, pip_settings, uv_environment

PROJECT = LOCKS.parent / "pyproject.toml"
RUN, DEPLOY, DEV = (LOCKS / f"{name}.lock" for name in ("run", "deploy", "dev"))
AUDIT = LOCKS / "audit.lock"
EVERYTHING = "all"


def blocks(lock: str) -> dict[str, str]:
    """Return name==version -> the lines of the package with its hashes."""
    found = (block.strip() for block in re.split(r"\n(?=[A-Za-z0-9])", lock.strip()))
    return {block.split()[0]: block for block in found if block}


def joined(packages: Iterable[str]) -> str:
    """Return the text of a lock file."""
    return "".join(f"{block}\n" for block in packages)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the lock files; return uv's exit code."""
    renewed = list(sys.argv[1:] if arguments is None else arguments)
    upgrades = [word for name in renewed for word in ("--upgrade-package", name)]
    if EVERYTHING in renewed:
        upgrades = ["--upgrade"]
    with TemporaryDirectory() as folder:
        output = Path(folder) / "all.lock"
        # uv keeps the versions and hashes that its output file has.
        locked = [lock.read_text("utf-8") for lock in (RUN, DEPLOY, DEV) if lock.exists()]
        output.write_text(joined(locked), "utf-8")
        try:
            whole = _compile([str(PROJECT)], ("dev", "deploy"), output, *upgrades)
            deploy = _compile([str(PROJECT)], ("deploy",), output)
            run = _compile([str(PROJECT)], (), output)
            _compile([], ("install",), TOOLS, *upgrades)
            _compile([], ("audit",), AUDIT, *upgrades)
        except subprocess.CalledProcessError as error:
            return error.returncode
    RUN.write_text(joined(run.values()), "utf-8")
    DEPLOY.write_text(joined(deploy[name] for name in deploy if name not in run), "utf-8")
    DEV.write_text(joined(whole[name] for name in whole if name not in deploy), "utf-8")
    return 0


def _compile(
    sources: Sequence[str], groups: Iterable[str], output: Path, *options: str
) -> dict[str, str]:
    """Resolve the project's packages and those of its groups; return them with their hashes."""
    uv = str(Path(sys.executable).with_name("uv"))
    named = [word for group in groups for word in ("--group", f"{PROJECT}:{group}")]
    subprocess.run(
        [
            *(uv, "pip", "compile", *sources, *named, "--generate-hashes", "--no-header"),
            *("--quiet", "--python-version", "3.11", "--output-file", str(output), *options),
        ],
        cwd=PROJECT.parent,
        env=uv_environment(pip_settings(), os.environ),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return blocks(output.read_text("utf-8"))


if __name__ == "__main__":
    sys.exit(main())
