"""The app's web server: Streamlit, and a page for links that lead nowhere.

Start it from the repository's root with `streamlit run app/server.py`.
"""

import sys
from pathlib import Path
from urllib.parse import quote

import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

ROOT = str(Path(__file__).resolve().parent.parent)
# `streamlit run` puts the script's folder on the path, not the current folder.
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from app.state.peers import Peers  # noqa: E402 - needs the path above
from app.widgets.links import leads_nowhere  # noqa: E402 - needs the path above

PAGES = {file.stem for file in Path(__file__).with_name("views").glob("*.py")}


class WrongLinks:
    """Redirect links of no page, such as /segments/x, to a page that says so.

    Streamlit would answer with a blank page, which loads its scripts relative to the address.

    Below a page, two requests get status 404 on purpose: a browser that opens /segments asks for
    /segments/_stcore/health and /segments/_stcore/host-config first, and then for the same below
    /. Whichever answers is the address of the app: an answer here would make /segments the start
    page, with the wrong content.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and leads_nowhere(scope["path"], PAGES):
            page = f"/not_found?link={quote(scope['path'])}"
            await RedirectResponse(page, status_code=303)(scope, receive, send)
            return
        await self.app(scope, receive, send)


app = st.App("main.py", middleware=[Middleware(Peers), Middleware(WrongLinks)])
