"""Cached YAML documents of deploy/."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


@cache
def documents(name: str) -> list[Any]:
    """Return the documents of a YAML file under deploy/."""
    return [one for one in yaml.safe_load_all((DEPLOY / name).read_text("utf-8")) if one]


def document(name: str) -> Any:
    """Return the only document of a YAML file under deploy/."""
    (found,) = documents(name)
    return found
