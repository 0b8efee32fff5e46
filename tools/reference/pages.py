"""Replace the generated parts of a page.

A part begins with `<!-- generated: NAME -->` and ends with `<!-- end -->`, each in a line of its
own. The text around it is written by hand.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.reference import (
    api,
    assets,
    automation,
    command_line,
    decisions,
    run_configuration,
    settings,
)

DOCS = Path(__file__).parents[2] / "docs"
PARTS: Mapping[str, Callable[[], str]] = {
    "assets": assets.assets,
    "each asset": assets.each_asset,
    "jobs": automation.jobs,
    "sensors": automation.sensors,
    "schedules": automation.schedules,
    "make": command_line.make_targets,
    "make variables": command_line.make_variables,
    "commands": command_line.commands,
    "options": command_line.options,
    "settings": settings.settings,
    "run configuration": run_configuration.run_configuration,
    "decisions": decisions.decisions,
    "requests": api.requests,
    "answers": api.answers,
}
_PART = re.compile(r"(<!-- generated: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def rendered(page: str) -> str:
    """Return a page with its generated parts; raises KeyError for an unknown part."""
    return _PART.sub(lambda part: f"{part[1]}{PARTS[part[2]]()}\n{part[3]}", page)
