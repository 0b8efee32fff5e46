"""Scenarios that run once: malformed files, an endless line, customer data in logs."""

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bankseg_assets.contracts.delivery import DeliveryContract
from tools.faults import bad_inputs
from tools.faults.lab import ROOT, Lab
from tools.faults.scenario import Outcome, scenario

MAX_SECONDS = 30.0
MAX_MIB = 128
LINE_BYTES = 10 * 2**30
# Not getrusage, whose peak counts the memory of the process that started this one (269 MiB for 49).
_REFUSING = """
import json, re, sys, time
from pathlib import Path
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.scan import scan
began = time.monotonic()
try:
    with Path(sys.argv[1]).open("rb") as file:
        scan(file, DeliveryContract(), "endless.csv")
    refusal = ""
except DeliveryError as error:
    refusal = str(error)
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
print(json.dumps({"refusal": refusal, "mib": peak, "seconds": time.monotonic() - began}))
"""


@scenario("bad-inputs", "malformed files of public test suites and our own", once=True)
def bad_files(_lab: Lab, _seed: int) -> Outcome:
    """Files of Pollock, DuckDB, csv-spectrum, parquet-testing, and Pollock's errors in our rows."""
    found = bad_inputs.run()
    holds = (
        found["rows_differing"] == found["rows_unaccounted"] == 0
        and found["rows_or_files_without_reason"] == 0
        and found["slowest_file_seconds"] < MAX_SECONDS
    )
    return Outcome(
        holds=holds,
        detail=f"{found['files']:,} files, {found['files_refused']:,} refused; of "
        f"{found['records']:,} records {found['rows_accepted']:,} accepted and "
        f"{found['rows_quarantined']:,} quarantined; {found['rows_differing']} accepted rows "
        f"differ from the oracle, {found['rows_or_files_without_reason']} without a reason, "
        f"{found['rows_unaccounted']} unaccounted; slowest file "
        f"{found['slowest_file_seconds']:.2f} s",
    )


@scenario("endless-line", "one line of 10 GiB", once=True)
def endless_line(_lab: Lab, _seed: int) -> Outcome:
    """Two MiB of text and a sparse rest, which needs no disk space; refused before it is copied."""
    with tempfile.TemporaryDirectory(prefix="bankseg-faults-") as folder:
        path = Path(folder) / "endless.csv"
        with path.open("wb") as file:
            file.write(",".join(DeliveryContract().file_columns).encode() + b"\n" + b"x" * 2**21)
            file.truncate(LINE_BYTES)
        found = json.loads(_output([sys.executable, "-c", _REFUSING, str(path)]))
    return Outcome(
        holds="a record of over" in found["refusal"] and found["mib"] < MAX_MIB,
        detail=f"refused in {found['seconds']:.2f} s with {found['mib']} MiB at most",
    )


@scenario("canary", "one customer's ID and birth date, delivered in every way", once=True)
def canary(_lab: Lab, _seed: int) -> Outcome:
    """The privacy tests search logs, metadata, databases, pages and plots byte by byte."""
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "bankseg_assets_tests/test_privacy.py"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    tests = re.search(r"(\d+) passed", ended.stdout)
    return Outcome(
        holds=ended.returncode == 0 and tests is not None,
        detail=f"0 hits outside the tables ({tests[1] if tests else 0} tests)"
        if ended.returncode == 0
        else ended.stdout[-300:],
        seconds={"whole": time.monotonic() - began},
    )


def _output(command: list[str]) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
