"""Typed JSON documents: their base model, reading and writing, and what is wrong with a field."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from bankseg_assets.storage.atomic_file import atomic_file

DOCUMENT_FILE = "model.json"
"""The JSON document of a version: a model, a report's tables, a release."""

_Kind = TypeVar("_Kind")


class DocumentError(ValueError):
    """Raised for a document with an invalid field; names the field and what was expected."""


class Document(BaseModel):
    """A part of a JSON document; fields that only a newer build knows are ignored."""

    # Validators are built at the first use: programs that read no document start sooner.
    model_config = ConfigDict(frozen=True, defer_build=True)


def read_document(version: Path) -> dict[str, Any]:
    """Return the JSON document of a version; raises OSError or ValueError."""
    found: dict[str, Any] = json.loads((version / DOCUMENT_FILE).read_text(encoding="utf-8"))
    return found


def write_document(version: Path, document: Mapping[str, Any]) -> None:
    """Write the JSON document of a version."""
    write_json(version / DOCUMENT_FILE, document)


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON document deterministically: the same content gives the same bytes."""
    path.write_bytes(json_bytes(document))


def replace_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON document in place of an earlier one: readers see either of them whole."""
    with atomic_file(path) as file:
        file.write(json_bytes(document))


def json_bytes(document: Mapping[str, Any]) -> bytes:
    """Return the content of a JSON file, with sorted keys and no NaN, which is not JSON."""
    text = json.dumps(document, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False)
    return f"{text}\n".encode()


def as_dataclass(kind: type[_Kind], document: Mapping[str, Any]) -> _Kind:
    """Return a JSON document as a dataclass; fields that only a newer build knows are ignored.

    Raises DocumentError, which names the first invalid field.
    """
    try:
        return TypeAdapter(kind).validate_python(document)
    except ValidationError as error:
        raise DocumentError(f"{first_fault(error)}.") from error


def first_fault(error: ValidationError) -> str:
    """Return the first invalid field and what was expected, such as "segments[0].name is missing".

    >>> class Example(Document):
    ...     sizes: list[int]
    >>> try:
    ...     Example.model_validate({"sizes": [1, "many"]})
    ... except ValidationError as error:
    ...     first_fault(error)
    "sizes[1] is 'many': input should be a valid integer, unable to parse string as an integer"
    """
    found = error.errors()[0]
    return fault(found, found["loc"])


def fault(found: Mapping[str, Any], place: Sequence[str | int]) -> str:
    """Return an error of pydantic in words; `place`: the names and numbers of the field."""
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    field = field.lstrip(".")
    if found["type"] == "missing":
        return f"{field} is missing"
    expected = found["msg"].removeprefix("Value error, ")
    return f"{field} is {found['input']!r:.80}: {expected[:1].lower()}{expected[1:]}"
