"""Generate the contract's JSON schema and reference page.

`make docs` writes both; a test compares them with the model.
"""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bankseg_assets.contracts.toml.columns import Column
from bankseg_assets.contracts.toml.file import ContractFile, TransactionColumns
from bankseg_assets.contracts.toml.reading import meaning
from bankseg_assets.runtime.settings import DEFAULT_CONTRACT

DOCS = DEFAULT_CONTRACT.parent / "docs" / "reference"
SCHEMA_FILE, PAGE_FILE = DOCS / "contract.schema.json", DOCS / "contract.md"
_START = Path(__file__).with_name("page_start.md")


def schema_text() -> str:
    """Return the JSON schema of a contract."""
    return json.dumps(ContractFile.model_json_schema(), indent=2, default=str) + "\n"


def page() -> str:
    """Return the page, in Markdown."""
    return "\n".join([_START.read_text(encoding="utf-8"), *_section(ContractFile, "")])


def _section(model: type[BaseModel], place: str) -> Iterator[str]:
    yield f"## {f'`{place}`' if place else 'Top level'}\n"
    if place:
        yield f"{' '.join((model.__doc__ or '').split())}\n"
    yield from _keys(model)
    for key, field in model.model_fields.items():
        if table := _table_of(field):
            inner = f"{place.strip('[]')}.{key}".lstrip(".")
            yield from _section(table, f"[[{inner}]]" if field.default == [] else f"[{inner}]")
    if model is TransactionColumns:
        yield f"## Every column\n\n{' '.join((Column.__doc__ or '').split())}\n"
        yield from _keys(Column)


def _keys(model: type[BaseModel]) -> Iterator[str]:
    """Yield the rows of a model's own keys; those of every column are written once."""
    known = set() if model is Column else {*Column.model_fields}
    fields = {key: field for key, field in model.model_fields.items() if key not in known}
    rows = [_row(key, field) for key, field in fields.items() if not _table_of(field)]
    if rows:
        yield "\n".join(["| key | value | meaning | example |", "|---|---|---|---|", *rows, ""])


def _row(key: str, field: FieldInfo) -> str:
    expected, _ = meaning(field.annotation, field.metadata)
    needed = " (required)" if field.is_required() else ""
    examples = " or ".join(f"`{_toml(one)}`" for one in field.examples or ())
    return f"| `{key}`{needed} | {expected} | {field.description} | {examples} |"


def _table_of(field: FieldInfo) -> type[BaseModel] | None:
    found: type[BaseModel] | None = meaning(field.annotation, field.metadata)[1]
    return found


def _toml(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal | date):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(one)}' for key, one in value.items())} }}"
    return json.dumps(value, ensure_ascii=False)


def write() -> None:
    """Write both files."""
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    PAGE_FILE.write_text(page(), encoding="utf-8")
