"""The settings, from the fields of `Settings` and the texts below them."""

import ast
import inspect
from dataclasses import fields
from pathlib import Path

from bankseg_assets.runtime.settings import DEFAULT_CONTRACT, Settings
from tools.reference.markdown import table


def settings() -> str:
    """Return a table of the settings with their defaults."""
    meanings = field_texts()
    return table(
        ("setting", "default", "meaning"),
        (
            (f"`BANKSEG_{one.name.upper()}`", _default(one.default), meanings.get(one.name, ""))
            for one in fields(Settings)
        ),
    )


def field_texts() -> dict[str, str]:
    """Return field -> the string literal below it, which Python itself does not keep."""
    body = ast.parse(inspect.getsource(Settings)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            assert isinstance(field.target, ast.Name)
            if isinstance(text.value, ast.Constant):
                found[field.target.id] = " ".join(str(text.value.value).split())
    return found


def _default(value: object) -> str:
    if value == "":
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, Path):
        return f"`{value.name if value == DEFAULT_CONTRACT else value}`"
    return f"`{value}`"
