"""The app's web server: Streamlit, with links to pages, and a page for links that lead nowhere.

Start it from the repository's root with `streamlit run app/server.py`.
"""

import sys
from pathlib import Path
from urllib.parse import quote

import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

ROOT = str(Path(__file__).resolve().parent.parent)
# `streamlit run` puts the script's folder on the path, not the current folder.
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from app.state.peers import Peers  # noqa: E402 - needs the path above
from app.state.preload import preload  # noqa: E402 - needs the path above
from app.widgets.links import leads_nowhere  # noqa: E402 - needs the path above

PAGES = {file.stem for file in Path(__file__).with_name("views").glob("*.py")}


def deep_link_page(start_page: str) -> str:
    """Return the HTML that a link to a page is answered with, from that of the start page.

    A browser that opens /segments looks for the app below /segments first, and logs two requests
    with status 404 before it looks below /. This page names the address instead: that of its
    folder, which is right behind a proxy with a path of its own, too.
    """
    address = (
        "<script>window.__streamlit = {BACKEND_BASE_URL: new URL('.', location).href}</script>"
    )
    return start_page.replace("<head>", f"<head>{address}", 1)


DEEP_LINK_PAGE = deep_link_page(
    Path(st.__file__).with_name("static").joinpath("index.html").read_text(encoding="utf-8")
)


class Links:
    """Answer links to pages; redirect those of no page, such as /segments/x, to one that says so.

    Streamlit would answer /segments/x with a blank page, which loads its scripts relative to the
    address.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        answer: ASGIApp = self.app
        if scope["type"] == "http":
            path = scope["path"]
            if leads_nowhere(path, PAGES):
                answer = RedirectResponse(f"/not_found?link={quote(path)}", status_code=303)
            elif path.removeprefix("/") in PAGES and scope["method"] == "GET":
                answer = HTMLResponse(DEEP_LINK_PAGE, headers={"Cache-Control": "no-cache"})
        await answer(scope, receive, send)


preload()
app = st.App("main.py", middleware=[Middleware(Peers), Middleware(Links)])
