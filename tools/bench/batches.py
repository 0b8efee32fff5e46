"""The benchmarked runs: a batch from file to release, an additional delivery, and the peer."""

import json
import os
import re
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tools.bench.measured import Measured, measure

ROOT = Path(__file__).parents[2]
PEER = ROOT.parent / "shared" / "bench" / "peer_sklearn.py"
DELIVERY_SHARE = 0.01
_STEP = re.compile(r"^\[\S+\] (.+) \.\.\. ([\d.]+) s$", re.MULTILINE)
_CHECK = re.compile(r"^check \S+ \.\.\. ([\d.]+) s$", re.MULTILINE)

Run = tuple[Measured, dict[str, float]]
"""A measured run and the seconds of its stages by name."""

BANKSEG, DELIVERY, PEER_NAME = "bankseg", "a delivery of 1 %", "pandas + scikit-learn"


@dataclass(frozen=True)
class Result:
    """The runs of one program at one size. seconds, cpu_seconds, memory (bytes): one per run.

    stages: name -> median seconds.
    """

    what: str
    rows: int
    seconds: list[float]
    cpu_seconds: list[float]
    memory: list[int]
    stages: dict[str, float]

    @classmethod
    def of(cls, what: str, rows: int, runs: Sequence[Run]) -> "Result":
        """Return the result of measured runs."""
        names = list(runs[0][1])
        return cls(
            what,
            rows,
            [round(run.seconds, 2) for run, _ in runs],
            [round(run.cpu_seconds, 2) for run, _ in runs],
            [run.memory for run, _ in runs],
            {n: round(statistics.median(stages[n] for _, stages in runs), 2) for n in names},
        )

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return asdict(self)


def batches(files: Sequence[Path], work: Path) -> list[Run]:
    """Run the job on the first file with an empty data folder, then after each other file."""
    with TemporaryDirectory(dir=work) as data:
        return [_materialize(Path(data), file) for file in files]


def peer(file: Path, script: Path, work: Path) -> Run:
    """Run the pandas and scikit-learn pipeline that a user might use instead."""
    run = measure([sys.executable, script, file], folder=work)
    stages: dict[str, float] = json.loads(run.output.splitlines()[-1])["seconds"]
    return run, stages


def stages_of(output: str) -> dict[str, float]:
    """Return the seconds of each step in the progress output; checks are summed."""
    stages = {name: float(seconds) for name, seconds in _STEP.findall(output)}
    stages["checks"] = sum(map(float, _CHECK.findall(output)))
    return stages


def split(file: Path, rows: int, head: Path, tail: Path) -> None:
    """Write the header and first rows to `head`, the header and the remaining rows to `tail`."""
    with file.open("rb") as source, head.open("wb") as first, tail.open("wb") as second:
        header = source.readline()
        first.write(header)
        second.write(header)
        first.writelines(islice(source, rows))
        second.writelines(source)


def _materialize(data: Path, file: Path) -> Run:
    landing = data / "landing"
    landing.mkdir(exist_ok=True)
    os.link(file, landing / file.name)
    run = measure(
        [sys.executable, "-m", "ops.launch.materialize"],
        folder=ROOT,
        environ={"BANKSEG_DATA_DIR": str(data)},
    )
    return run, stages_of(run.output)
