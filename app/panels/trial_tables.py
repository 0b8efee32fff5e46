"""Tables of the page "Check a file"."""

from typing import Any

import pandas as pd

from bankseg_assets.onboarding.draft import OPEN, toml
from bankseg_assets.onboarding.suggest import Suggestion


def settings(found: Suggestion) -> pd.DataFrame:
    """Return each setting with its evidence in the file."""
    rows = [
        (line.key, "open" if line.value == OPEN else toml(line.value), line.evidence)
        for line in found.settings
    ]
    return pd.DataFrame(rows, columns=["Setting", "Value", "Evidence in the file"])


def counts(report: dict[str, Any]) -> dict[str, int]:
    """Return the outcomes of the sampled rows."""
    names = {
        "Sampled rows": "sampled",
        "Accepted": "accepted",
        "Quarantined": "quarantined",
        "Duplicates": "duplicates",
    }
    return {title: report[key] for title, key in names.items()}


def reasons(report: dict[str, Any]) -> pd.DataFrame:
    """Return quarantine reasons with examples and the setting to change."""
    rows = [
        (one["code"], f"{one['rows']:,}", ", ".join(one["examples"]), one["advice"])
        for one in report["reasons"]
    ]
    return pd.DataFrame(rows, columns=["Reason", "Rows", "Examples", "What to change"])


def comparison(report: dict[str, Any]) -> pd.DataFrame:
    """Return some rows as written and as read, one line per value."""
    rows = []
    for number, row in enumerate(report["rows"], 1):
        for ours in dict.fromkeys((*row["raw"], *row["parsed"])):
            name = report["header"].get(ours, "")
            parsed = row["parsed"].get(ours, "")
            rows.append((str(number), ours, name, row["raw"].get(ours, ""), parsed))
    return pd.DataFrame(rows, columns=["Row", "Column", "In the file", "As written", "As read"])
