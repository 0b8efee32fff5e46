"""Names that the bank gives to its segments, instead of those that the platform makes.

They are in `segment_names.json` beside the releases, by the permanent id of each segment, so that a
name outlives every new model that has the segment. Released files do not change: the names replace
those of the model when it is read, so that the app, lists and the API use the same. Every change is
recorded in the file.
"""

import json
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock

from pydantic import Field, ValidationError

from bankseg_assets.release.releases import now
from bankseg_assets.scoring.bundle import Bundle
from bankseg_assets.scoring.documents import Segment
from bankseg_assets.storage.documents import Document, first_fault, replace_json

NAMES_FILE = "segment_names.json"
MAX_CHARACTERS = 40
_SIGNS = " &,.'()/+%-"
"""Besides letters and digits: without a meaning in Markdown or HTML."""
_write_lock = Lock()  # of all sessions of the app: reading and writing are one step


class SegmentNameError(ValueError):
    """Raised for a name that cannot be used or stored; says what to write or do instead."""


class NameChange(Document):
    """A change of a segment's name, from and to what people saw; `at`: UTC."""

    at: str
    id: int
    before: str
    after: str


class NameRecord(Document):
    """The names by segment id, and all changes, oldest first."""

    names: dict[int, str] = Field(default_factory=dict)
    changes: tuple[NameChange, ...] = ()


def read_names(published_dir: Path) -> Mapping[int, str]:
    """Return segment id -> the bank's name; empty if the file is missing or damaged."""
    try:
        return _read(published_dir).names
    except SegmentNameError:
        return {}


def named(bundle: Bundle, names: Mapping[int, str]) -> Bundle:
    """Return the model with the bank's names; the same object if it has them already."""
    segments = [_named(one, names) for one in bundle.segments]
    taken = {one.name.casefold() for one in segments if one.generated_name is not None}
    # A newer model may give the name that the bank chose to another segment.
    segments = [
        one.model_copy(update={"name": f"{one.name} ({one.segment})", "generated_name": one.name})
        if one.generated_name is None and one.name.casefold() in taken
        else one
        for one in segments
    ]
    if tuple(segments) == bundle.segments:
        return bundle
    return replace(bundle, segments=tuple(segments))


def names_by_id(bundle: Bundle, names: Mapping[int, str]) -> dict[int, str]:
    """Return segment id -> present name, and of a segment that ended, the bank's last one.

    `names`: those of the bank.
    """
    present = {one.id: one.name for one in bundle.segments if one.id is not None}
    return {**names, **present}


def rename(
    published_dir: Path, bundle: Bundle, segment: Segment, name: str, taken: Collection[str] = ()
) -> str:
    """Store the bank's name of a segment, and return it; an empty name resets it.

    `taken`: names that are used for something else, such as RFM groups. Raises SegmentNameError.
    """
    if segment.id is None:
        raise SegmentNameError(
            "This version is too old to keep names: its segments have no permanent id. Rename the "
            "segment in the next version."
        )
    wanted = _checked(name, bundle, segment, taken)
    before = segment.name
    after = wanted or _generated(segment)
    with _write_lock:
        record = _read(published_dir)
        names = {key: value for key, value in record.names.items() if key != segment.id}
        if wanted:
            names[segment.id] = wanted
        change = NameChange(at=now(), id=segment.id, before=before, after=after)
        changes = record.changes if before == after else (*record.changes, change)
        _write(published_dir, NameRecord(names=names, changes=changes))
    return after


def _named(segment: Segment, names: Mapping[int, str]) -> Segment:
    generated = _generated(segment)
    name = None if segment.id is None else names.get(segment.id)
    if name is None or name == generated:
        return segment.model_copy(update={"name": generated, "generated_name": None})
    return segment.model_copy(update={"name": name, "generated_name": generated})


def _generated(segment: Segment) -> str:
    return segment.name if segment.generated_name is None else segment.generated_name


def _checked(name: str, bundle: Bundle, segment: Segment, taken: Collection[str]) -> str:
    wanted = " ".join(unicodedata.normalize("NFC", name).split())
    if not wanted or wanted == _generated(segment):
        return ""
    if len(wanted) > MAX_CHARACTERS:
        raise SegmentNameError(
            f"The name has {len(wanted)} characters; expected at most {MAX_CHARACTERS}."
        )
    if not _is_plain(wanted):
        raise SegmentNameError(
            f"{wanted!r} cannot be a name. Begin with a letter or digit, and use only letters, "
            "digits, spaces and & , . ' ( ) / + % -."
        )
    others = [one for one in bundle.segments if one is not segment and one.id != segment.id]
    used = {text for one in others for text in (one.name, _generated(one))} | {*taken}
    if wanted.casefold() in {text.casefold() for text in used}:
        raise SegmentNameError(f"{wanted!r} is the name of another segment or group.")
    return wanted


def _is_plain(name: str) -> bool:
    """Return whether a name has only letters (with their marks), digits and plain signs.

    It begins with a letter or digit, so that no spreadsheet evaluates it.

    >>> [_is_plain(name) for name in ("Sparer 50+", "सेवर", "<b>", "=1", "a_b", "-x")]
    [True, True, False, False, False, False]
    """
    kinds = [unicodedata.category(letter)[0] for letter in name]
    return kinds[0] in "LN" and all(
        kind in "LMN" or letter in _SIGNS for kind, letter in zip(kinds, name, strict=True)
    )


def _read(published_dir: Path) -> NameRecord:
    path = published_dir / NAMES_FILE
    try:
        return NameRecord.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return NameRecord()
    except ValidationError as error:
        raise SegmentNameError(f"{path}: {first_fault(error)}. Move the file away.") from error
    except (OSError, ValueError) as error:
        raise SegmentNameError(f"{path} cannot be read: {error}. Move the file away.") from error


def _write(published_dir: Path, record: NameRecord) -> None:
    path = published_dir / NAMES_FILE
    try:
        replace_json(path, record.model_dump(mode="json"))
    except OSError as error:
        raise SegmentNameError(
            f"The name cannot be stored in {path}: {error.strerror}. The app needs to write to "
            "this folder; where it may only read, an operator edits the file."
        ) from error
