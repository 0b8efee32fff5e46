"""Customers who object to marketing: never in a list, a campaign or a recommendation.

The bank puts a CSV with the column `customer_id` into the objections folder. A file names all who
object, and the newest replaces the others. All readers use `objections`.
"""

import csv
import gzip
import io
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bankseg_assets.contracts.characters import INVISIBLE
from bankseg_assets.contracts.delivery import ColumnRule
from bankseg_assets.privacy.customer_ids import normalised

COLUMN = "customer_id"
FOLDER = "objections"
SUFFIXES = (".csv", ".csv.gz")
DONE = ".done"
OBJECTS = "The customer objects to marketing, so nothing is recommended."
UNREADABLE = "The file of objections cannot be read, so nothing is recommended."
SETTLED_AFTER_SECONDS = 10.0
_PLAIN = ColumnRule(COLUMN)


class ObjectionsError(ValueError):
    """A file of objections that cannot be read; names the file, what was expected and found."""


@dataclass(frozen=True)
class Objections:
    """The IDs of the customers who object, and the file that names them."""

    ids: frozenset[str] = frozenset()
    file_name: str = ""

    def __contains__(self, customer_id: object) -> bool:
        """Whether a customer objects."""
        if not self.ids or not isinstance(customer_id, str):
            return False
        return customer_id in self.ids or normalised(customer_id, _PLAIN) in self.ids

    def among(self, customer_ids: Iterable[str]) -> list[bool]:
        """Return whether each customer objects."""
        return [one in self for one in customer_ids]


def objections(published_dir: Path) -> Objections:
    """Return the objections beside a published folder; none if there is no file.

    Raises ObjectionsError if the newest file cannot be read: without it, customers who object
    would be contacted.
    """
    newest = newest_file(published_dir)
    if newest is None:
        return Objections()
    status = newest.stat()
    return _read(newest, status.st_mtime_ns, status.st_size)


def objection_notes(published_dir: Path, customer_ids: Iterable[object]) -> list[str]:
    """Return for each customer why nothing may be recommended; empty if it may.

    If the file cannot be read, nothing is recommended to anyone with an ID.
    """
    named = ["" if one is None else str(one) for one in customer_ids]
    try:
        found = objections(published_dir)
    except ObjectionsError:
        return [UNREADABLE if one else "" for one in named]
    return [OBJECTS if one and one in found else "" for one in named]


def newest_file(published_dir: Path) -> Path | None:
    """Return the newest complete file: with a `.done` file beside it, or unchanged for a while."""
    found = [(path.stat().st_mtime, path.name, path) for path in objection_files(published_dir)]
    complete = [
        one
        for one in sorted(found)
        if time.time() - one[0] > SETTLED_AFTER_SECONDS
        or one[2].with_name(f"{one[1]}{DONE}").exists()
    ]
    return complete[-1][2] if complete else None


def objection_files(published_dir: Path) -> list[Path]:
    """Return all files of objections beside a published folder."""
    folder = published_dir.parent / FOLDER
    if not folder.is_dir():
        return []
    return [
        path
        for path in folder.iterdir()
        if path.name.lower().endswith(SUFFIXES) and path.is_file() and path.name[0] not in "._"
    ]


@lru_cache(maxsize=2)
def _read(path: Path, _modified_ns: int, _size: int) -> Objections:
    try:
        content = path.read_bytes()
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
        text = content.decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ObjectionsError(
            f"{path} cannot be read as CSV in UTF-8 ({type(error).__name__}). No list is made "
            "until a readable file of objections is delivered."
        ) from error
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    header = [name.strip(INVISIBLE).casefold() for name in next(rows, [])]
    if COLUMN not in header:
        raise ObjectionsError(
            f"{path} has no column {COLUMN!r} in its first line. Deliver a CSV with this column: "
            "one row for each customer who objects to marketing."
        )
    place = header.index(COLUMN)
    given = {row[place].strip(INVISIBLE) for row in rows if len(row) > place}
    given |= {normalised(one, _PLAIN) for one in given}
    return Objections(frozenset(given - {""}), path.name)


def _delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t|", key=first.count)
