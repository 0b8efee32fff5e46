"""Simulate many app sessions: `python -m tools.load.app --sessions 50`.

Every session opens the page for a new customer through Streamlit's protocol and submits the form
repeatedly with other values. A submission fails if the server shows an exception, no answer, or
nothing within 30 s. Time and number are limited; only this machine is loaded.
"""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from tools.load.api import HOST, Measured

PAGE = "new_customer"
BUTTON = "Find the segment"
NO_ANSWER = "The answer appears here."
TIMEOUT_SECONDS = 30.0
MAX_SESSIONS = 500
MAX_SUBMISSIONS = 100


@dataclass
class Page:
    """The elements of a page: texts, exceptions, fields for numbers and the button."""

    texts: list[str] = field(default_factory=list)
    exceptions: int = 0
    numbers: dict[str, str] = field(default_factory=dict)
    button: str = ""
    script: str = ""


@dataclass
class Load:
    """Measurements of opened pages and of submissions."""

    opened: Measured = field(default_factory=Measured)
    submitted: Measured = field(default_factory=Measured)


async def load(port: int, *, sessions: int, submissions: int, pause: float, seed: int = 7) -> Load:
    """Run `sessions` sessions that submit the form, each time after a pause of `pause` seconds."""
    found = Load()
    branches = [
        _branch(port, found, submissions, pause, random.Random(seed + number))
        for number in range(sessions)
    ]
    await asyncio.gather(*branches)
    return found


async def _branch(
    port: int, found: Load, submissions: int, pause: float, randomness: random.Random
) -> None:
    # Sessions do not all start at the same time.
    await asyncio.sleep(pause * randomness.random())
    left = submissions
    try:
        async with connect(
            f"ws://{HOST}:{port}/_stcore/stream",
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
            ping_interval=None,
        ) as socket:
            start = time.perf_counter()
            page = await _run(socket, _request())
            if page.exceptions or not page.button:
                found.opened.failed += 1
                return
            found.opened.milliseconds.append(1000 * (time.perf_counter() - start))
            for _ in range(submissions):
                await asyncio.sleep(pause * (0.5 + randomness.random()))
                start = time.perf_counter()
                answer = await _run(socket, _request(page, randomness))
                left -= 1
                if answer.exceptions or NO_ANSWER in answer.texts or not answer.button:
                    found.submitted.failed += 1
                else:
                    found.submitted.milliseconds.append(1000 * (time.perf_counter() - start))
    except (OSError, TimeoutError, WebSocketException):
        found.submitted.failed += left


def _request(page: Page | None = None, randomness: random.Random | None = None) -> bytes:
    message = BackMsg()
    message.rerun_script.query_string = ""
    if page is None or randomness is None:
        message.rerun_script.page_name = PAGE
        return bytes(message.SerializeToString())
    message.rerun_script.page_script_hash = page.script
    states: WidgetStates = message.rerun_script.widget_states
    for label, widget in page.numbers.items():
        state = states.widgets.add(id=widget)
        # Some fields stay empty, and the date, which depends on the snapshot.
        if label.startswith("Number") or (randomness.random() < 0.8 and "Date" not in label):
            state.string_value = _value(label, randomness)
    states.widgets.add(id=page.button).trigger_value = True
    return bytes(message.SerializeToString())


def _value(label: str, randomness: random.Random) -> str:
    if label.startswith("Number"):
        return str(randomness.randrange(1, 4))
    return str(randomness.randrange(100, 5_000))


async def _run(socket: ClientConnection, request: bytes) -> Page:
    """Send a request and read messages until the page is complete."""
    await socket.send(request)
    page = Page()
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            message = ForwardMsg()
            message.ParseFromString(await socket.recv())
            kind = message.WhichOneof("type")
            if kind == "navigation":
                page.script = message.navigation.page_script_hash
            elif kind == "delta":
                _add_message(page, message)
            elif kind == "script_finished" and page.script:
                return page


def _add_message(page: Page, message: ForwardMsg) -> None:
    element = message.delta.new_element
    kind = element.WhichOneof("type")
    if kind == "exception":
        page.exceptions += 1
    elif kind == "markdown":
        page.texts.append(element.markdown.body)
    elif kind == "alert":
        page.texts.append(element.alert.body)
    elif kind == "text_input":
        page.numbers[element.text_input.label] = element.text_input.id
    elif kind == "button" and element.button.label == BUTTON:
        page.button = element.button.id


def main(arguments: Sequence[str] | None = None) -> int:
    """Load the app and print the result; return 0 if under 1 % failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.load.app")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--submissions", type=int, default=5)
    parser.add_argument("--pause", type=float, default=20.0, help="seconds of typing, on average")
    options = parser.parse_args(arguments)
    found = asyncio.run(
        load(
            options.port,
            sessions=min(options.sessions, MAX_SESSIONS),
            submissions=min(options.submissions, MAX_SUBMISSIONS),
            pause=options.pause,
        )
    )
    for what, measured in (("pages opened", found.opened), ("answers", found.submitted)):
        print(f"{what}: {len(measured.milliseconds):,}; failed: {measured.failed:,}", end="")
        if measured.milliseconds:
            print(*(f"; p{100 * s:g} {measured.quantile(s):.0f} ms" for s in (0.5, 0.95)), end="")
        print()
    done = len(found.submitted.milliseconds)
    failed = found.submitted.failed + found.opened.failed
    return int(not done or failed >= 0.01 * (done + failed))


if __name__ == "__main__":
    sys.exit(main())
