"""Pass the address of the other end of a connection to the pages.

Streamlit shows pages the headers of a connection, and no address of this machine. So the server
adds a header, with a seal that only this process knows: it cannot be sent from outside.

uvicorn replaces the address by that of the header X-Forwarded-For if a program on this machine
sends it, unless the environment variable FORWARDED_ALLOW_IPS is empty. With any other value, the
address of a request that has this header is not certain, and is not passed.
"""

import os
import secrets

from starlette.types import ASGIApp, Receive, Scope, Send

PEER_HEADER = "x-bankseg-peer"
FORWARDED = b"x-forwarded-for"
ALLOWED = "FORWARDED_ALLOW_IPS"
_IS_CERTAIN = os.environ.get(ALLOWED) == ""
_SEAL = secrets.token_hex(32)


class Peers:
    """ASGI middleware that adds the header, instead of any that was sent."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward a request."""
        if "headers" in scope:
            name, client = PEER_HEADER.encode(), scope.get("client")
            headers = [one for one in scope["headers"] if one[0].lower() != name]
            if client and (_IS_CERTAIN or all(key.lower() != FORWARDED for key, _ in headers)):
                headers.append((name, f"{_SEAL} {client[0]}".encode()))
            scope = {**scope, "headers": headers}
        await self.app(scope, receive, send)


def sealed_peer(header: str) -> str:
    """Return the address in a header of this process; empty for any other."""
    seal, _, peer = header.partition(" ")
    return peer if secrets.compare_digest(seal.encode(), _SEAL.encode()) else ""
