"""Generate the tables and the plot of docs/performance.md."""

import json
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.bench.batches import BANKSEG, DELIVERY, PEER_NAME, Result
from tools.machine import commit, machine

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT = DOCS / "performance.md"
RESULTS = DOCS / "performance.json"
PLOT = DOCS / "images" / "scaling.svg"
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
HEADER = (
    "| rows | what | seconds: median, all | CPU seconds | memory | to the peer | measured |",
    "|---|---|---|---|---|---|---|",
)


def keep(result: Result, kept: Path = RESULTS) -> None:
    """Store a result; it replaces the previous result of the same program and size."""
    found = [entry for entry in results(kept) if _key(entry) != (result.what, result.rows)]
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    found.append(result.to_json() | {"measured": f"{today} at {commit()}", "machine": machine()})
    found.sort(key=lambda entry: (entry["rows"], entry["what"]))
    kept.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def results(kept: Path = RESULTS) -> list[dict[str, Any]]:
    """Return the stored results of this machine."""
    if not kept.exists():
        return []
    found: list[dict[str, Any]] = json.loads(kept.read_text(encoding="utf-8"))
    return [entry for entry in found if entry["machine"] == machine()]


def row(result: Result) -> str:
    """Return one line with a result, for the terminal."""
    return (
        f"{result.rows:,} rows, {result.what}: {statistics.median(result.seconds):.1f} s, "
        f"{statistics.median(result.cpu_seconds):.0f} s of CPU, "
        f"{max(result.memory) / 1e9:.1f} GB"
    )


def tables(kept: Path = RESULTS) -> str:
    """Return both Markdown tables: runs compared with the peer, and stages."""
    found = results(kept)
    return "\n".join([*_runs(found), "", *_stages(found)])


def write(document: Path = DOCUMENT, kept: Path = RESULTS, plot: Path = PLOT) -> None:
    """Write the tables and the plot's link into the document."""
    before, rest = document.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    measured_on = (
        f"On {machine()}. Seconds of the whole process, start included; memory of all its "
        "processes together, at most."
    )
    image = f"![Seconds by rows](images/{plot.name})"
    text = "\n".join([BEGIN, measured_on, "", tables(kept), "", image, END])
    document.write_text(before + text + after, encoding="utf-8")
    _plot(results(kept), plot)


def _runs(found: Sequence[dict[str, Any]]) -> list[str]:
    medians = {_key(entry): statistics.median(entry["seconds"]) for entry in found}
    lines = []
    for entry in found:
        median = medians[_key(entry)]
        base = medians.get((PEER_NAME, entry["rows"]))
        ratio = f"{median / base:.2f}" if base and entry["what"] == BANKSEG else ""
        if entry["what"] == DELIVERY and (full := medians.get((BANKSEG, entry["rows"]))):
            ratio = f"{median / full:.2f} of the full batch"
        runs = ", ".join(f"{seconds:.0f}" for seconds in sorted(entry["seconds"]))
        lines.append(
            f"| {entry['rows']:,} | {entry['what']} | {median:.1f} ({runs}) "
            f"| {statistics.median(entry['cpu_seconds']):.0f} "
            f"| {max(entry['memory']) / 1e9:.1f} GB | {ratio} | {entry['measured']} |"
        )
    return [*HEADER, *lines]


def _stages(found: Sequence[dict[str, Any]]) -> list[str]:
    """Return the seconds of every stage of bankseg, one column per size."""
    shown = [entry for entry in found if entry["what"] in (BANKSEG, DELIVERY)]
    heads = [
        f"{entry['rows']:,}" + (" + 1 %" if entry["what"] == DELIVERY else "") for entry in shown
    ]
    names = list(dict.fromkeys(name for entry in shown for name in entry["stages"]))
    lines = [
        f"| {name} | " + " | ".join(f"{entry['stages'].get(name, 0):.1f}" for entry in shown) + " |"
        for name in names
    ]
    return [f"| stage, s | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|", *lines]


def _plot(found: Sequence[dict[str, Any]], path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 3.6), layout="constrained")
    axes = figure.subplots()
    for what in (BANKSEG, PEER_NAME):
        points = [
            (entry["rows"], statistics.median(entry["seconds"]))
            for entry in found
            if entry["what"] == what
        ]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", label=what)
    axes.set(xscale="log", yscale="log", xlabel="transactions", ylabel="seconds, file to model")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, metadata={"Date": None})


def _key(entry: dict[str, Any]) -> tuple[str, int]:
    return entry["what"], entry["rows"]
