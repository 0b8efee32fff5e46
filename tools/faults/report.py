"""Generate the table in docs/reliability.md."""

import fcntl
import os
import re
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tools.faults.scenario import Outcome, Scenario
from tools.machine import commit, machine

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
HELD = "yes"
HEADER = (
    "| fault | held | served throughout: reads, refused, torn | recovered (s): median, most "
    "| measured |",
    "|---|---|---|---|---|",
)


def line(one: Scenario, outcomes: Sequence[Outcome]) -> str:
    """Return a row of the table: all repetitions of a scenario."""
    held = sum(outcome.holds for outcome in outcomes)
    verdict = f"{HELD}, {held} of {len(outcomes)}"
    if one.is_once:
        verdict = f"{HELD}: {_one_line(outcomes[0].detail)}"
    if held < len(outcomes):
        why = next(outcome.detail for outcome in outcomes if not outcome.holds)
        verdict = f"**no**, {held} of {len(outcomes)}: {_one_line(why)}"
    reads, refused, torn = (
        sum(getattr(outcome, name) for outcome in outcomes) for name in ("reads", "refused", "torn")
    )
    served = f"{reads:,}, {refused}, {torn}" if reads else "-"
    seconds = [
        o.seconds[name] for o in outcomes for name in ("recovered", "rerun") if name in o.seconds
    ]
    times = f"{statistics.median(seconds):.1f}, {max(seconds):.1f}" if seconds else "-"
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    return f"| {one.fault} | {verdict} | {served} | {times} | {today} at {commit()} |"


def write(lines: Sequence[str], document: Path = DOCUMENT) -> None:
    """Write rows into the table; rows of another machine are dropped, other rows are kept.

    Writers are serialized, so that two commands may measure different faults.
    """
    folder = os.open(document.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        _write(lines, document)
    finally:
        os.close(folder)


def _write(lines: Sequence[str], document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    old, after = rest.split(END)
    measured_on = f"On {machine()}."
    kept = old.splitlines() if measured_on in old else []
    rows = {_fault_of(row): row for row in kept if row.startswith("| ") and row != HEADER[0]}
    rows |= {_fault_of(row): row for row in lines}
    table = "\n".join([measured_on, "", *HEADER, *rows.values()])
    draft = document.with_suffix(".draft")
    draft.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")
    draft.replace(document)


def _fault_of(row: str) -> str:
    return row.split(" | ", maxsplit=1)[0]


def _one_line(text: str) -> str:
    return re.sub(r"[\s|]+", " ", text)[:400]
