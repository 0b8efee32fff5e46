"""Run deploy/'s nginx configuration on loopback, with only paths and ports replaced."""

import base64
import hashlib
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path

from bankseg_assets_tests.deploy.folder import DEPLOY
from ops.launch.processes import ProcessTree
from tools.cluster.waiting import HOST, free_port, listens, wait_for

TEMPLATE = DEPLOY / "nginx" / "bankseg.conf.template"
DOMAIN = "bank.test"
PEOPLE = ("staff", "machines", "operators")
"""The proxy's user lists; in tests each has one user, with the list's name as name and password."""

# The main file around it, as in nginx's image, but without root's permissions and folders.
MAIN = """\
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/bankseg.conf;
}}
"""


@dataclass(frozen=True)
class Proxy:
    """A running proxy."""

    port: int

    def ask(
        self, name: str, path: str = "/", user: str = "", headers: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Return status and body of a request to host `name`, as one of PEOPLE or anonymous."""
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        connection = HTTPSConnection(HOST, self.port, timeout=10, context=trusting)
        token = base64.b64encode(f"{user}:{user}".encode()).decode()
        known = {"Authorization": f"Basic {token}"} if user else {}
        try:
            host = {"Host": f"{name}.{DOMAIN}"}
            connection.request("GET", path, headers=host | known | dict(headers or {}))
            answer = connection.getresponse()
            # An upgraded connection has no end.
            switched = answer.status == 101
            return answer.status, "" if switched else answer.read().decode()
        finally:
            connection.close()


def program() -> str | None:
    """Return the path of the installed nginx; None if there is none."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def configure(folder: Path, upstreams: Mapping[str, int], port: int) -> Path:
    """Write the configuration and the files it includes; return the main file."""
    secrets = folder / "secrets"
    secrets.mkdir()
    key, certificate = secrets / "certificate_key", secrets / "certificate"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-days", "1"),
            *("-subj", f"/CN={DOMAIN}", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    for people in PEOPLE:
        hashed = base64.b64encode(hashlib.sha1(people.encode()).digest()).decode()
        (secrets / people).write_text(f"{people}:{{SHA}}{hashed}\n", "utf-8")
    text = TEMPLATE.read_text("utf-8").replace("${BANKSEG_DOMAIN}", DOMAIN)
    text = text.replace("/run/secrets", str(secrets)).replace("listen 443", f"listen {HOST}:{port}")
    for place, there in upstreams.items():
        text = text.replace(f"http://{place}", f"http://{HOST}:{there}")
    (folder / "bankseg.conf").write_text(text, "utf-8")
    # Its workers would run as `nobody`, who cannot enter pytest's folder.
    user = "user root;" if os.geteuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(MAIN.format(user=user, folder=folder), "utf-8")
    return main


@contextmanager
def proxy(nginx: str, folder: Path, upstreams: Mapping[str, int]) -> Iterator[Proxy]:
    """Run nginx; `upstreams`: "service:port" of the file -> local port."""
    port = free_port()
    main = configure(folder, upstreams, port)
    with ProcessTree() as processes:
        command = [nginx, "-c", str(main), "-p", str(folder)]
        server = processes.start("nginx", command, environ=os.environ, log=folder / "nginx.log")
        wait_for(server, lambda: listens(port))
        yield Proxy(port)
