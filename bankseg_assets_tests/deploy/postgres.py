"""A temporary PostgreSQL server on loopback, from Debian's package."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ops.launch.processes import ProcessTree
from tools.cluster.waiting import HOST, free_port, listens, wait_for

_BINARIES = Path("/usr/lib/postgresql")
_SERVER_USER = "postgres"  # the server refuses to run as root


@dataclass(frozen=True)
class Database:
    """The variables for deploy/dagster.yaml that select the database."""

    environ: dict[str, str]


def binaries() -> Path | None:
    """Return the folder of the newest installed server; None if there is none."""
    found = sorted(_BINARIES.glob("*/bin/initdb"), key=lambda path: int(path.parents[1].name))
    return found[-1].parent if found else None


@contextmanager
def postgres(programs: Path) -> Iterator[Database]:
    """Run a server with a user who may create databases; under root, as user `postgres`."""
    port, password = str(free_port()), secrets.token_hex(8)
    environ = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    user = ["setpriv", f"--reuid={_SERVER_USER}", f"--regid={_SERVER_USER}", "--clear-groups"]
    prefix = user if os.geteuid() == 0 else []
    # Not pytest's folder, which other users cannot enter.
    folder = Path(tempfile.mkdtemp(prefix="bankseg-postgres-"))
    try:
        (folder / "password").write_text(password, "utf-8")
        if prefix:
            for path in (folder, folder / "password"):
                shutil.chown(path, _SERVER_USER)
        init = ["--username=dagster", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}"]
        subprocess.run(
            [*prefix, programs / "initdb", "--no-sync", *init, folder / "data"],
            env=environ,
            cwd="/",
            check=True,
            capture_output=True,
        )
        options = {"listen_addresses": HOST, "unix_socket_directories": "", "fsync": "off"}
        with ProcessTree() as processes:
            server = processes.start(
                "postgres",
                [
                    *(*prefix, programs / "postgres", "-D", folder / "data", "-p", port),
                    *(part for name, to in options.items() for part in ("-c", f"{name}={to}")),
                ],
                environ=environ,
                log=folder / "postgres.log",
            )
            wait_for(server, lambda: listens(int(port)))
            yield Database(
                {
                    "DAGSTER_POSTGRES_HOST": HOST,
                    "DAGSTER_POSTGRES_PORT": port,
                    "DAGSTER_POSTGRES_USER": "dagster",
                    "DAGSTER_POSTGRES_PASSWORD": password,
                    "DAGSTER_POSTGRES_DB": "postgres",
                }
            )
    finally:
        shutil.rmtree(folder)
