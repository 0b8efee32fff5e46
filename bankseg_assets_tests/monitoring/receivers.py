"""A webhook and a mail server on loopback that record what they receive."""

import base64
import json
import socketserver
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

HOST = "127.0.0.1"


@dataclass
class Receiver:
    """What a server received; `answers`: its statuses, of which the last one is repeated."""

    answers: Sequence[int]
    port: int = 0
    received: list[Any] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    silent: Event = field(default_factory=Event)
    """Set when a server that never answers may end."""

    def next_answer(self) -> int:
        """Return the status of the next answer."""
        return self.answers[min(len(self.received), len(self.answers)) - 1]


@contextmanager
def webhook(*answers: int, is_silent: bool = False) -> Iterator[Receiver]:
    """Run a web server; yield what it receives."""
    receiver = Receiver(answers or (200,))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.headers["Content-Type"].startswith("application/json")
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append(json.loads(body))
            if is_silent:
                receiver.silent.wait(30)
            status = receiver.next_answer()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with _serving(ThreadingHTTPServer((HOST, 0), Handler), receiver):
        yield receiver


@contextmanager
def mail_server(
    *, context: ssl.SSLContext | None = None, password: str = "", refused: str = ""
) -> Iterator[Receiver]:
    """Run an SMTP server; yield what it receives.

    `context`: for STARTTLS. `password`: of the user olga; others are refused, as is the recipient
    `refused`.
    """
    receiver = Receiver((250,))

    class Handler(socketserver.StreamRequestHandler):
        is_encrypted = False

        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def handle(self) -> None:
            self.say("220 mail.test")
            while line := self.rfile.readline().decode().strip():
                command = line.upper()
                if command.startswith("EHLO"):
                    offers = ["STARTTLS"] if context and not self.is_encrypted else []
                    offers += ["AUTH PLAIN"] if password else []
                    lines = ["mail.test", *offers]
                    for one in lines[:-1]:
                        self.say(f"250-{one}")
                    self.say(f"250 {lines[-1]}")
                elif command == "STARTTLS" and context:
                    self.say("220 go ahead")
                    try:
                        self.encrypt(context)
                    except ssl.SSLError:  # the client does not trust the certificate
                        return
                elif command.startswith("AUTH PLAIN"):
                    _, user, given = base64.b64decode(line.split()[2]).decode().split("\0")
                    receiver.logins.append(user)
                    self.say("235 welcome" if given == password else "535 bad password")
                elif command == "DATA":
                    self.say("354 go ahead")
                    self.receive()
                    self.say("250 accepted")
                elif refused and refused.upper() in command:
                    self.say("550 unknown")
                else:
                    self.say("221 bye" if command == "QUIT" else "250 fine")
                    if command == "QUIT":
                        return

        def encrypt(self, context: ssl.SSLContext) -> None:
            secure = context.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = secure.makefile("rb"), secure.makefile("wb", buffering=0)
            self.is_encrypted, self.secure = True, secure

        def finish(self) -> None:
            super().finish()
            if self.is_encrypted:
                self.secure.close()

        def receive(self) -> None:
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line.decode())
            receiver.received.append("".join(lines))
            receiver.encrypted.append(self.is_encrypted)

    with _serving(socketserver.ThreadingTCPServer((HOST, 0), Handler), receiver):
        yield receiver


@contextmanager
def _serving(server: socketserver.ThreadingTCPServer, receiver: Receiver) -> Iterator[None]:
    server.daemon_threads = True
    receiver.port = server.server_address[1]  # type: ignore[assignment]
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        receiver.silent.set()
        server.shutdown()
        thread.join()
        server.server_close()
