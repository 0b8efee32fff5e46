"""The API's documentation as a page, from its OpenAPI description; it loads nothing else."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bankseg_assets.presentation.formatting import number
from bankseg_assets.reports.html_page import render

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Content-Security-Policy of the page: no scripts, nothing from elsewhere."""
_INPUTS = "Customer"
_JSON = "application/json"
_CAMPAIGN = {
    **{"name": "spring", "groups": ["At risk"]},
    **{"starts_on": "2026-03-01", "ends_on": "2026-03-31"},
}
_BODIES: Mapping[str, Any] = {
    "/campaigns": _CAMPAIGN,
    "/campaigns/plan": _CAMPAIGN,
    "/campaigns/{campaign_id}/end": {"why": "The offer was withdrawn."},
    "/control-group": {"campaign": "spring", "customers": ["C1", "C2"]},
    "/customers": {"id": "C1"},
}
"""Path -> an example of its body; the others get the inputs of customers."""
_NAMES = {"{customer_id}": "C1", "{campaign_id}": "spring"}


def documentation_page(document: Mapping[str, Any], address: str) -> str:
    """Return the page of an OpenAPI document; `address`: of the server, for the examples."""
    schemas: Mapping[str, Any] = document["components"]["schemas"]
    return render(
        "api.html.j2",
        title=document["info"]["title"],
        summary=document["info"].get("summary", ""),
        inputs=_fields(schemas[_INPUTS]),
        requests=list(_requests(document, address)),
        schemas={name: _fields(one) for name, one in schemas.items() if name != _INPUTS},
        about={name: one.get("description", "") for name, one in schemas.items()},
    )


def _requests(document: Mapping[str, Any], address: str) -> Iterator[dict[str, Any]]:
    customer = _example(document["components"]["schemas"][_INPUTS])
    for path, methods in document["paths"].items():
        for method, request in methods.items():
            content = request.get("requestBody", {}).get("content", {})
            body = [customer, customer] if path.endswith("/batch") else customer
            body = _BODIES.get(path, body)
            sent = (
                f" -H 'Content-Type: {_JSON}' -d '{json.dumps(body)}'" if _JSON in content else ""
            )
            if content and not sent:
                sent = f" -H 'Content-Type: {next(iter(content))}' --data-binary @list.csv"
            if not sent and method != "get":
                sent = f" -X {method.upper()}"
            address_of = f"{address}{path}"
            for placeholder, name in _NAMES.items():
                address_of = address_of.replace(placeholder, name)
            yield {
                "name": f"{method.upper()} {path}",
                "about": request.get("description", ""),
                "example": f"curl{sent} {address_of}",
                "answers": [
                    {"status": status, "meaning": one["description"], "content": _content(one)}
                    for status, one in request["responses"].items()
                ],
            }


def _content(answer: Mapping[str, Any]) -> str:
    return type_in_words(answer.get("content", {}).get(_JSON, {}).get("schema", {}))


def _fields(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "type": type_in_words(one),
            "range": _range(one),
            "about": ". ".join(filter(None, (one.get("title"), one.get("description")))),
        }
        for name, one in schema.get("properties", {}).items()
    ]


def _range(schema: Mapping[str, Any]) -> str:
    if "minimum" not in schema:
        return ""
    return f"{number(schema['minimum'])} to {number(schema['maximum'])}"


def type_in_words(schema: Mapping[str, Any]) -> str:
    """Return the type of a value in words."""
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[-1])
    if "anyOf" in schema:
        return " or ".join(map(type_in_words, schema["anyOf"]))
    kind = schema.get("type", "any value")
    if kind == "array":
        return f"list of {type_in_words(schema.get('items', {}))}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _example(customer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a customer with the least value of each number."""
    numbers = {
        name: one["minimum"]
        for name, one in customer.get("properties", {}).items()
        if "minimum" in one
    }
    return {"id": "C1"} | {name: max(value, 1) for name, value in numbers.items()}
