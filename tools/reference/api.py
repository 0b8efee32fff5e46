"""The requests and answers of the scoring API, from its OpenAPI description."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ops.api.documentation import type_in_words
from ops.api.server import build_api
from tools.reference.markdown import table


def requests() -> str:
    """Return a table of the requests."""
    return table(("request", "parameters", "does"), _requests())


def answers() -> str:
    """Return a section with the fields of each object, except those of the framework."""
    schemas: Mapping[str, Any] = _document()["components"]["schemas"]
    return "\n\n".join(
        _section(name, one) for name, one in schemas.items() if one.get("description")
    )


@cache
def _document() -> Mapping[str, Any]:
    # Without a release; with one, /openapi.json also has the inputs of its model.
    found: Mapping[str, Any] = build_api(Path("nothing-published")).openapi()
    return found


def _requests() -> Iterator[tuple[str, str, str]]:
    for path, methods in _document()["paths"].items():
        for method, one in methods.items():
            names = [parameter["name"] for parameter in one.get("parameters", ())]
            about = " ".join(one["description"].split())
            yield f"`{method.upper()} {path}`", ", ".join(f"`{name}`" for name in names), about


def _section(name: str, schema: Mapping[str, Any]) -> str:
    rows = (
        (f"`{field}`", type_in_words(one)) for field, one in schema.get("properties", {}).items()
    )
    about = " ".join(schema["description"].split())
    return f"### {name}\n\n{about}\n\n" + table(("field", "type"), rows)
