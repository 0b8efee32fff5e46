"""Documents as readable tables."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from app.widgets.numbers import Numbers
from bankseg_assets.presentation.formatting import day, percent


def readable(
    values: Mapping[str, Any], labels: Mapping[str, str], numbers: Numbers
) -> pd.DataFrame:
    """Return a table of names and values; nested values are left out.

    `labels`: name -> label, for names that are not self-explanatory.
    """
    return pd.DataFrame(
        [
            {
                "": labels.get(name, name.replace("_", " ").capitalize()),
                "Value": _text(name, value, numbers),
            }
            for name, value in values.items()
            if not isinstance(value, dict | list)
        ]
    )


def _text(name: str, value: Any, numbers: Numbers) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return percent(value) if "share" in name.split("_") else numbers.number(value)
    if name.endswith(("_day", "_date")):
        return day(value)
    return str(value)
