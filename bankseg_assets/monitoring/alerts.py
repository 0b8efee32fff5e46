"""An alert: what happened, why, the next step, and a link; as text for mail and for chats."""

from collections.abc import Iterable
from typing import Literal

from bankseg_assets.landing.files import printable
from bankseg_assets.storage.documents import Document

Event = Literal["failure", "rejection", "refusal", "approval", "release", "health", "test"]
EVENTS: tuple[Event, ...] = ("failure", "rejection", "refusal", "approval", "release", "health")
"""What alerts can be sent on. A refusal is of a release, a rejection of a delivered file, and an
approval is asked for."""
MAX_REASONS = 10
LONGEST_REASON = 600  # characters


class Alert(Document):
    """One alert. It never holds a value of a customer: it leaves the machine."""

    event: Event
    at: str
    run_id: str = ""
    what: str
    why: tuple[str, ...] = ()
    next_step: str = ""
    link: str = ""


def reasons(found: Iterable[str]) -> tuple[str, ...]:
    """Return the first reasons, each in one line and not too long for a message."""
    lines = [" ".join(one.split()) for one in found]
    kept = [_shortened(line) for line in lines if line]
    more = len(kept) - MAX_REASONS
    return (*kept[:MAX_REASONS], *([f"... and {more} more."] if more > 0 else []))


def subject(alert: Alert) -> str:
    """Return the subject of a mail, in one line."""
    return f"bankseg: {printable(alert.what)}"


def plain_text(alert: Alert) -> str:
    """Return the alert as text, for mail and the log."""
    parts = [alert.what, "\n".join(f"- {one}" for one in alert.why)]
    parts += [f"Next step: {alert.next_step}" if alert.next_step else "", alert.link]
    return "\n\n".join(part for part in parts if part)


def chat_text(alert: Alert) -> str:
    """Return the alert as text for chats, which read `<!channel>` and `&` as commands.

    >>> chat_text(Alert(event="test", at="", what="a<!channel>.csv & more"))
    'a&lt;!channel&gt;.csv &amp; more'
    """
    text = plain_text(alert)
    for sign, code in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, code)
    return text


def _shortened(line: str) -> str:
    return line if len(line) <= LONGEST_REASON else f"{line[:LONGEST_REASON]} ..."
