"""Plain documents as tables for people."""

from collections.abc import Mapping
from typing import Any

import pandas as pd


def readable(values: Mapping[str, Any], labels: Mapping[str, str]) -> pd.DataFrame:
    """Return names and values, a row each; nested ones are left out.

    `labels`: name -> what to call it, where the name says too little.
    """
    return pd.DataFrame(
        [
            {"": labels.get(name, name.replace("_", " ").capitalize()), "Value": _text(value)}
            for name, value in values.items()
            if not isinstance(value, dict | list)
        ]
    )


def _text(value: Any) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
