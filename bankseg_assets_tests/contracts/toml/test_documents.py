"""The schema and the page are those of the model, and every example in them is taken."""

import json
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from bankseg_assets.contracts.toml.documents import PAGE_FILE, SCHEMA_FILE, page, schema_text
from bankseg_assets.contracts.toml.file import ContractFile
from bankseg_assets.contracts.toml.reading import meaning
from bankseg_assets.runtime.settings import DEFAULT_CONTRACT

AGAIN = "run make docs"


def keys(model: type[BaseModel], place: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for key, field in model.model_fields.items():
        here = f"{place}.{key}".lstrip(".")
        table = meaning(field.annotation, field.metadata)[1]
        if table:
            yield from keys(table, here)
        else:
            yield here, field


KEYS = dict(keys(ContractFile))


def test_schema_is_that_of_the_model() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), AGAIN


def test_page_is_that_of_the_model() -> None:
    assert PAGE_FILE.read_text(encoding="utf-8") == page(), AGAIN


def test_shipped_contracts_name_the_schema() -> None:
    for path in (DEFAULT_CONTRACT, *(DEFAULT_CONTRACT.parent / "docs/contracts").glob("*.toml")):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        schema = path.parent / first.removeprefix("#:schema ")
        assert schema.resolve() == SCHEMA_FILE.resolve()


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_documented_with_an_example(key: str) -> None:
    field = KEYS[key]
    assert field.description
    assert meaning(field.annotation, field.metadata)[0], "what the key needs, for messages"
    assert field.examples
    adapter: TypeAdapter[Any] = TypeAdapter(field.annotation)
    for example in field.examples:
        adapter.validate_python(example, strict=not isinstance(example, int))


def test_schema_knows_the_tables_of_the_shipped_contract() -> None:
    schema = json.loads(schema_text())
    content = tomllib.loads(DEFAULT_CONTRACT.read_text(encoding="utf-8"), parse_float=Decimal)
    assert content.keys() <= schema["properties"].keys()
    assert not schema["additionalProperties"]
