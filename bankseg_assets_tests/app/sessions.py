"""Sessions of a running app through Streamlit's protocol, with headers and cookies of their own."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urljoin
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

TIMEOUT = 60  # seconds, for a busy machine
XSRF = "_streamlit_xsrf"


@dataclass
class Shown:
    """What a session shows: the pages of its menu, texts, buttons and where it is redirected."""

    menu: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    buttons: dict[str, str] = field(default_factory=dict)
    exceptions: list[str] = field(default_factory=list)
    redirect: str = ""
    script: str = ""

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


class Session:
    """An open session."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.shown = Shown()

    def visit(self, page: str) -> Shown:
        """Open a page by its address."""
        message = BackMsg()
        message.rerun_script.page_name = page
        return self._run(message)

    def press(self, label: str) -> Shown:
        """Press a button of the page that is shown."""
        message = BackMsg()
        message.rerun_script.page_script_hash = self.shown.script
        states = message.rerun_script.widget_states
        states.widgets.add(id=self.shown.buttons[label]).trigger_value = True
        return self._run(message)

    def _run(self, message: BackMsg) -> Shown:
        self._socket.send(bytes(message.SerializeToString()))
        self.shown = Shown(script=self.shown.script)
        while True:
            found = ForwardMsg()
            content = self._socket.recv(timeout=TIMEOUT)
            assert isinstance(content, bytes)
            found.ParseFromString(content)
            kind = found.WhichOneof("type")
            if kind == "navigation":
                self.shown.script = found.navigation.page_script_hash
                pages = found.navigation.app_pages
                self.shown.menu = [one.url_pathname for one in pages if not one.is_hidden]
            elif kind == "auth_redirect":
                self.shown.redirect = found.auth_redirect.url
                return self.shown
            elif kind == "delta":
                self._add(found)
            elif kind == "script_finished":
                return self.shown

    def _add(self, message: ForwardMsg) -> None:
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.shown.exceptions.append(f"{element.exception.type} {element.exception.message}")
        elif kind == "button":
            self.shown.buttons[element.button.label] = element.button.id
        elif kind in ("markdown", "alert", "heading"):
            self.shown.texts.append(getattr(element, kind).body)


@contextmanager
def session(
    address: str,
    headers: Sequence[tuple[bytes, bytes]] = (),
    cookies: Mapping[str, str] | None = None,
) -> Iterator[Session]:
    """Open a session with headers, and with the cookies of a browser that is logged in."""
    jar = dict(cookies or {})
    if XSRF not in jar:
        jar |= fetched(f"{address}/_stcore/health").cookies
    more = [(name.decode(), value.decode()) for name, value in headers]
    more.append(("Cookie", "; ".join(f"{name}={value}" for name, value in jar.items())))
    more.append(("Origin", address))
    with connect(
        f"{address.replace('http', 'ws', 1)}/_stcore/stream",
        subprotocols=[Subprotocol("streamlit"), Subprotocol(jar.get(XSRF, "none"))],
        additional_headers=more,
        max_size=None,
        open_timeout=TIMEOUT,
        proxy=None,
    ) as socket:
        yield Session(socket)


@dataclass(frozen=True)
class Fetched:
    """Where a response redirects to, and the cookies that it sets."""

    location: str
    cookies: dict[str, str]


class _StayHere(HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_more: object) -> None:
        return None

    def http_error_302(self, req: object, fp: object, *_args: object) -> object:
        return fp

    http_error_301 = http_error_303 = http_error_307 = http_error_302  # type: ignore[assignment]


_OPENER = build_opener(ProxyHandler({}), _StayHere())


def fetched(url: str, cookies: Mapping[str, str] | None = None) -> Fetched:
    """Get a URL without following where it leads."""
    request = Request(url)
    if cookies:
        request.add_header("Cookie", "; ".join(f"{k}={v}" for k, v in cookies.items()))
    with _OPENER.open(request, timeout=TIMEOUT) as response:
        set_cookies = response.headers.get_all("Set-Cookie") or []
        found: dict[str, str] = {}
        for line in set_cookies:
            found |= {name: one.value for name, one in SimpleCookie(line).items()}
        return Fetched(response.headers.get("Location", ""), found)


def logged_in(address: str, start: str) -> dict[str, str]:
    """Follow a login from the app to its provider and back; return the browser's cookies."""
    jar = fetched(f"{address}/_stcore/health").cookies
    url = urljoin(address, start)
    for _ in range(6):
        found = fetched(url, jar if url.startswith(address) else {})
        jar |= {name: value for name, value in found.cookies.items() if value}
        if not found.location:
            return jar
        url = urljoin(url, found.location)
        if url.rstrip("/") == address:
            return jar
    raise AssertionError(f"the login does not end; it is at {url}")
