"""Run the app's server for browser tests."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.launch.services import APP_ENVIRON

ROOT = Path(__file__).parents[2]
STREAMLIT = Path(sys.executable).with_name("streamlit")
TIMEOUT = 60  # seconds, for a busy machine

# Bypasses a proxy of the environment.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextmanager
def serve(
    data_dir: Path, *more: str, port: int | None = None, rules: Path | None = None, **environ: str
) -> Iterator[str]:
    """Serve the app over a data folder; yield its address.

    `more`: options of Streamlit. `rules`: access rules. `environ`: more variables.
    """
    port = port or free_port()
    command = [str(STREAMLIT), "run", "app/server.py", "--server.port", str(port), *more]
    environment = os.environ | APP_ENVIRON | {"BANKSEG_DATA_DIR": str(data_dir)} | environ
    if rules is not None:
        environment["BANKSEG_ACCESS"] = str(rules)
    log_file = data_dir / "streamlit.log"
    with (
        log_file.open("wb") as log,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log) as server,
    ):
        try:
            _wait_until_healthy(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_healthy(address: str) -> None:
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            with _DIRECT.open(f"{address}/_stcore/health", timeout=5):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
