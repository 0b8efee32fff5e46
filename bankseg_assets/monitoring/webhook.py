"""Post an alert as JSON; `text` is what Slack, Mattermost and Teams show."""

import http.client
import json
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from bankseg_assets.monitoring.alerts import Alert, chat_text
from bankseg_assets.monitoring.sending import (
    MESSAGE_SECONDS,
    SOCKET_SECONDS,
    ChannelError,
    within,
)


class _NoRedirect(HTTPRedirectHandler):
    """A redirected POST would arrive as a GET without the alert."""

    def redirect_request(
        self,
        _req: Request,
        _fp: IO[bytes],
        _code: int,
        _msg: str,
        _headers: http.client.HTTPMessage,
        _newurl: str,
    ) -> None:
        """Return nothing: the redirect is reported as an error."""


def body(alert: Alert) -> bytes:
    """Return the JSON of an alert: its fields, and `text` with all of them."""
    found = {"text": chat_text(alert), **alert.model_dump()}
    return json.dumps(found, ensure_ascii=False).encode()


def post(address: str, alert: Alert, *, seconds: float = MESSAGE_SECONDS) -> None:
    """Post an alert, through the proxy of the environment if there is one. Raises ChannelError."""
    request = Request(
        address,
        data=body(alert),
        headers={"Content-Type": "application/json; charset=utf-8", "User-Agent": "bankseg"},
        method="POST",
    )

    def send() -> None:
        try:
            with build_opener(_NoRedirect).open(request, timeout=min(SOCKET_SECONDS, seconds)):
                """Any success will do; the answer is not read."""
        except HTTPError as error:
            error.close()
            raise ChannelError(f"it answered with status {error.code}") from None
        except URLError as error:
            raise ChannelError(f"it cannot be reached ({_reason(error.reason)})") from None
        except TimeoutError:
            raise ChannelError("it did not answer in time") from None

    within(seconds, send)


def _reason(found: object) -> str:
    """Return what the system says, without names and addresses."""
    if isinstance(found, TimeoutError):
        return "it did not answer in time"
    for name in ("verify_message", "strerror"):
        if said := getattr(found, name, None):
            return str(said)
    return type(found).__name__
