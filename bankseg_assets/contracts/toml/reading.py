"""Parse a contract's TOML content, and report all errors in it together."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bankseg_assets.contracts.delivery import ContractError, DeliveryContract
from bankseg_assets.contracts.toml.file import ContractFile
from bankseg_assets.contracts.toml.values import SLIP, Expected

OPEN = "?"
"""What stands in a proposed contract where the bank has to answer."""
_UNKNOWN = "extra_forbidden"


def read_contract(content: Mapping[str, Any], path: Path) -> DeliveryContract:
    """Return the contract of a TOML file's content; raises ContractError with all that is wrong.

    `path`: of the file, for the message.
    """
    if questions := list(_open_questions(content)):
        raise _error(path, [(place, "is '?'", "the bank's answer") for place in questions])
    try:
        return ContractFile.model_validate(dict(content)).contract()
    except ValidationError as error:
        # An unknown key first: it may be the misspelt name of one that is missing.
        found = sorted(error.errors(), key=lambda one: one["type"] != _UNKNOWN)
        raise _error(path, [_explained(one, content) for one in found]) from None


def _error(path: Path, slips: list[tuple[str, str, str]]) -> ContractError:
    said = [f"{place} {found}; expected {expected}." for place, found, expected in slips]
    if len(said) == 1:
        return ContractError(f"The contract {path}: {said[0]}")
    lines = "\n".join(f"- {line}" for line in dict.fromkeys(said[1:]))
    return ContractError(f"The contract {path}: {said[0]} Further errors:\n{lines}")


def _open_questions(table: Mapping[str, Any], place: str = "") -> Iterator[str]:
    for key, value in table.items():
        here = f"{place}.{key}".lstrip(".")
        if value == OPEN:
            yield here
        elif isinstance(value, Mapping):
            yield from _open_questions(value, here)
        elif isinstance(value, list):
            for number, one in enumerate(value):
                if isinstance(one, Mapping):
                    yield from _open_questions(one, f"{here}[{number}]")


def _explained(error: ErrorDetails, content: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return the place of a fault, what was found, and what was expected."""
    place, model, expected, value = _walk(error["loc"], content)
    context = error.get("ctx", {})
    if error["type"] == SLIP:
        key = context["key"]
        return ".".join(filter(None, (place, key))), context["found"], context["expected"]
    if error["type"] == _UNKNOWN:
        key = str(error["loc"][-1])
        assert model is not None
        return f"{place}.{key}".lstrip("."), "is unknown", f"one of {', '.join(_keys(model))}"
    if error["type"] == "missing":
        return place, "is missing", expected
    return place, f"is {value!r}", expected


def _walk(
    loc: tuple[int | str, ...], content: Mapping[str, Any]
) -> tuple[str, type[BaseModel] | None, str, Any]:
    """Follow a fault's location through the models.

    Returns the place as a person writes it, the table that it is in, what the key needs, and its
    value.
    """
    model: type[BaseModel] | None = ContractFile
    place, expected = "", ""
    value: Any = content
    for part in loc:
        if isinstance(part, int) and model is not None and isinstance(value, list):
            place, value = f"{place}[{part}]", value[part]
            continue
        if model is None or part not in model.model_fields:
            break
        field = model.model_fields[str(part)]
        place = f"{place}.{part}".lstrip(".")
        value = value.get(part) if isinstance(value, Mapping) else None
        expected, model = meaning(field.annotation, field.metadata)
    return place, model, expected, value


def meaning(annotation: Any, metadata: list[Any] | tuple[Any, ...]) -> tuple[str, Any]:
    """Return what a field needs, and the model of its tables."""
    expected = "".join(one.text for one in metadata if isinstance(one, Expected))
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        found, model = meaning(inner, more)
        return expected or found, model
    if origin in (Union, UnionType, list):
        for one in get_args(annotation):
            found, model = meaning(one, ())
            if found or model:
                return expected or found, model
        return expected, None
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return expected, annotation if is_model else None


def _keys(model: type[BaseModel]) -> list[str]:
    return list(model.model_fields)
