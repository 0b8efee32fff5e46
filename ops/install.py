"""Install locked packages into the running Python: `python -m ops.install LOCK...`.

With uv, which takes a third of pip's time, or with pip where uv cannot be had. Both accept only
packages with a hash of a lock file. It runs before anything is installed, so it imports nothing but
the standard library.

pyspark is delivered as source, and building it takes one core half of the time. Meanwhile the other
packages are installed, and what the servers import is compiled, which they would do at their first
start, several of them the same modules.
"""

import ast
import ensurepip
import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

LOCKS = Path(__file__).parents[1] / "requirements"
TOOLS = LOCKS / "install.lock"
"""Pins uv, and setuptools, which builds pyspark."""
FAILED = 1
# pyspark is delivered as source; compressing 450 MB of it took 11 s of a core.
UNCOMPRESSED = "--config-setting=--build-option=--compression=stored"
BUILT = "pyspark"
"""A package that is built here."""
IMPORTED = (
    (
        *("dagster._cli.api", "dagster._grpc.impl", "dagster_webserver.cli", "dagster._daemon.cli"),
        *("pandas", "pyarrow.dataset", "pyarrow.csv", "scipy.special", "py4j.java_gateway"),
    ),
    (
        *("streamlit.web.cli", "fastapi", "uvicorn", "matplotlib.figure", "plotly.graph_objects"),
        *("altair", "sklearn.cluster"),
    ),
)
"""What the servers and the first run import, without what needs pyspark; a process for each."""
PROJECT = ("bankseg_assets", "app", "ops")
PROGRESS = re.compile(
    r"\s*(Resolved|Prepared|Installed|Uninstalled|Building|Built|Download(?:ing|ed))\b"
)
"""What uv prints that is shown; it also names each of a hundred packages."""
# A lock is complete. With dependencies, pip rejects `gql[requests]`, which is locked as `gql==4`.
QUICK = ("--disable-pip-version-check", "--quiet", "--require-hashes", "--no-deps")
POLL_SECONDS = 0.2
MOST_LINES = 20  # of messages whose cause is not known

FROM_PIP = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "trusted-host": "UV_INSECURE_HOST",
    "no-index": "UV_NO_INDEX",
    "proxy": "ALL_PROXY",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
}
"""Setting of pip -> the variable by which uv has the same one."""
PRECEDENCE = ("global.", "user.", "site.", "install.", ":env:.")
"""Sections of pip's settings; a later one replaces an earlier one."""

FULL_DISK, OTHER_CONTENT, NO_COMPILER, NO_INDEX = (
    r"No space left on device|Disk quota exceeded",
    r"(?i)do not match the hashes|hash mismatch",
    r"command '\S*(?:gcc|cc|clang)\S*' failed|[Nn]o such file or directory: '\S*(?:gcc|cc|clang)'"
    r"|linker .* not found",
    r"(?i)connection|name resolution|dns|timed out|tunnel|no matching distribution"
    r"|could not fetch|error sending request",
)
CAUSES = {
    FULL_DISK: "the disk is full. Free 4 GB, then repeat.",
    OTHER_CONTENT: "a package differs from the one that was locked. "
    "Do not install it; ask the operator of the package index.",
    NO_COMPILER: "a package has no build for this machine and needs a C compiler, such "
    "as: apt-get install build-essential python3.11-dev",
    NO_INDEX: "the package index does not answer. Connect this "
    "machine to the network, or name an index that it reaches: pip config set global.index-url "
    "ADDRESS",
}
"""What an installer prints -> cause and next step; the first match counts."""
OF_THE_MACHINE = f"{FULL_DISK}|{NO_COMPILER}"
"""What another installer would meet as well, and report in other words."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Install the packages of the lock files; return 0 on success."""
    locks = list(sys.argv[1:] if arguments is None else arguments)
    wanted = _files(locks)
    pip = (sys.executable, "-m", "pip", "install", *QUICK)
    # One retry: without a network, the installation itself waits again.
    uv = Path(sys.executable).with_name("uv")
    environ = pip_environment(os.environ)
    failure = _run([*pip, "--retries", "1", "-r", str(TOOLS)], environ)
    retries = () if failure is None else ("--retries", "1")
    if failure is None and uv.exists():
        failure = _install_with_uv(uv, locks, uv_environment(pip_settings(), os.environ))
        if failure is None:
            return 0
        print("uv did not install the packages.", flush=True)
    if failure is None or not re.search(OF_THE_MACHINE, failure):
        print("Installing with pip ...", flush=True)
        failure = _run([*pip, *retries, *wanted], environ)
    if failure is None:
        return 0
    if not is_known(failure):
        print("".join(failure.splitlines(keepends=True)[-MOST_LINES:]), file=sys.stderr)
    print(f"bankseg: the packages were not installed: {cause(failure)}", file=sys.stderr)
    return FAILED


def pip_environment(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return `environ` with the pip that Python brings, if the environment has none.

    It runs from its archive: installing it takes 5 s.
    """
    if is_installed("pip"):
        return environ
    folders = (
        sysconfig.get_config_var("WHEEL_PKG_DIR"),
        Path(ensurepip.__file__).parent / "_bundled",
    )
    found = [path for folder in folders if folder for path in Path(folder).glob("pip-*.whl")]
    if not found:
        subprocess.run([sys.executable, "-m", "ensurepip"], capture_output=True, check=False)
        return environ
    return {**environ, "PYTHONPATH": str(found[0])}


def _install_with_uv(uv: Path, locks: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Install the packages; return the messages of a failure, or None."""
    command = [str(uv), "pip", "install", "--python", sys.executable, "--require-hashes"]
    command += ["--no-deps", "--build-constraints", str(TOOLS), UNCOMPRESSED]
    built, others = divided([Path(lock).read_text("utf-8") for lock in locks])
    if not built or is_installed(BUILT):
        return _run([*command, *_files(locks)], environ)
    with (
        TemporaryDirectory(prefix=".install-", dir=sys.prefix) as folder,
        ThreadPoolExecutor() as pool,
    ):
        for name, text in (("built", built), ("others", others)):
            (Path(folder) / name).write_text(text, "utf-8")
        # Two commands cannot work on an environment at a time: this one fills the cache.
        beside = [*command, "--target", f"{folder}/target", *_files([f"{folder}/built"])]
        building = pool.submit(_run, beside, environ)
        failure = _run([*command, *_files([f"{folder}/others"])], environ)
        if failure is None:
            _compile(building.done)
        failure = failure or building.result()
        return failure or _run([*command, *_files(locks)], environ)


def _files(locks: Sequence[str]) -> list[str]:
    return [word for lock in locks for word in ("-r", lock)]


def divided(locks: Sequence[str]) -> tuple[str, str]:
    r"""Return the lines of the package that is built here, and those of the others.

    >>> divided(["a==1\n    --hash=x\npyspark==4\n    --hash=y\nz==2\n"])
    ('pyspark==4\n    --hash=y\n', 'a==1\n    --hash=x\nz==2\n')
    """
    blocks = [one for lock in locks for one in re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.M)]
    built = [block for block in blocks if block.startswith(f"{BUILT}==")]
    return "".join(built), "".join(block for block in blocks if block not in built)


def is_installed(package: str) -> bool:
    """Return whether a package can be imported."""
    return importlib.util.find_spec(package) is not None


def _compile(is_over: Callable[[], bool]) -> None:
    """Let Python keep the bytecode of what the servers import, until all is done or it is over.

    Errors do not matter.
    """
    importing = (
        "import contextlib, importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    with contextlib.suppress(Exception):\n"
        "        importlib.import_module(name)\n"
    )
    commands = [[sys.executable, "-c", importing, *names] for names in IMPORTED]
    commands.append([sys.executable, "-m", "compileall", "-q", *PROJECT])
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    command, cwd=LOCKS.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )
            for command in commands
        ]
        while not is_over() and any(one.poll() is None for one in processes):
            time.sleep(POLL_SECONDS)
        for one in processes:
            one.terminate()


def uv_environment(settings: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ` with pip's settings as variables of uv; variables that are set stay.

    `settings`: what `pip config list` prints, such as global.index-url -> address. uv would ignore
    the index that the machine's administrator has configured.
    """
    found: dict[str, str] = {}
    for section in PRECEDENCE:
        for name, variable in FROM_PIP.items():
            if value := settings.get(section + name):
                found[variable] = ",".join(value.split()) if name == "find-links" else value
    if "UV_NO_INDEX" in found and found["UV_NO_INDEX"].lower() in ("0", "false", "no", "off"):
        del found["UV_NO_INDEX"]
    # pip searches all indexes; the hashes say which file is the right one.
    return {"UV_INDEX_STRATEGY": "unsafe-best-match", **found, **environ}


def is_known(output: str) -> bool:
    """Return whether the cause of a failure is known, so that a sentence says it all."""
    return any(re.search(pattern, output) for pattern in CAUSES)


def cause(output: str) -> str:
    """Return why an installer failed and the next step, in one sentence."""
    for pattern, sentence in CAUSES.items():
        if re.search(pattern, output):
            return sentence
    return output.strip().splitlines()[-1].strip()


def parse_settings(output: str) -> dict[str, str]:
    """Return pip's settings from the lines of `pip config list`, such as `global.cert='/x'`."""
    found = {}
    for line in output.splitlines():
        name, equals, value = line.partition("=")
        if equals:
            try:
                found[name] = str(ast.literal_eval(value))
            except (SyntaxError, ValueError):
                found[name] = value
    return found


def pip_settings() -> dict[str, str]:
    """Return the settings of this Python's pip."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        env=pip_environment(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    return parse_settings(listed.stdout)


def _run(command: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Run an installer and print its progress; return its messages if it failed, else None."""
    messages = []
    with subprocess.Popen(
        command, env=environ, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            messages.append(line)
            if PROGRESS.match(line):
                print(line, end="", flush=True)
    return "".join(messages) or "it printed no reason." if process.returncode else None


if __name__ == "__main__":
    sys.exit(main())
