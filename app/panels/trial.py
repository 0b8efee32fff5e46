"""An uploaded sample of a bank's file: the contract it suggests, and what a batch would make of it.

Spark cleans the sample in a process of its own, which is stopped when it takes too long: the app
stays quick, and its memory small.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, cast

from streamlit.runtime.uploaded_file_manager import UploadedFile

from bankseg_assets.onboarding.suggest import Suggestion, suggest

ROOT = Path(__file__).resolve().parents[2]
KINDS = ["csv", "csv.gz", "parquet", "xlsx"]
MAX_MEGABYTES = 20
TIMEOUT_SECONDS = 180
_ONE_AT_A_TIME = Lock()
"""A check takes a gigabyte: of two users, the second one waits for the first."""


class TrialError(RuntimeError):
    """A check that could not be run; the message says why, for the page."""


def proposed(upload: UploadedFile, answers: Mapping[str, str]) -> Suggestion:
    """Return the contract that an upload suggests. Raises SampleError and AnswerError."""
    with _stored(upload) as path:
        return suggest(path, answers)


def checked(upload: UploadedFile, contract: str, *, show_values: bool) -> dict[str, Any]:
    """Return the report of a check, as `onboarding.check.Report.document` writes it.

    `contract`: its text. Raises TrialError.
    """
    if not _ONE_AT_A_TIME.acquire(blocking=False):
        raise TrialError("Another file is being checked. Try again in half a minute.")
    try:
        with _stored(upload) as path:
            contract_path = path.with_name("contract.toml")
            contract_path.write_text(contract, encoding="utf-8")
            return _run(path, contract_path, show_values=show_values)
    finally:
        _ONE_AT_A_TIME.release()


def _run(path: Path, contract: Path, *, show_values: bool) -> dict[str, Any]:
    command = [sys.executable, "-m", "ops.cli.contract", "check", str(path), "--json"]
    command += ["--contract", str(contract), *["--show-values"] * show_values]
    try:
        found = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TrialError(
            f"The check took over {TIMEOUT_SECONDS} seconds and was stopped. Try a smaller sample."
        ) from error
    lines = found.stdout.splitlines()
    if not lines:
        said = found.stderr.strip().replace(f"{contract}", "below").removeprefix("bankseg: ")
        raise TrialError(said or "The check ended without a result.")
    return cast(dict[str, Any], json.loads(lines[-1]))


@contextmanager
def _stored(upload: UploadedFile) -> Iterator[Path]:
    """Yield the upload as a file that is removed afterwards, under a name of ours."""
    name = upload.name.lower()
    suffix = next((f".{kind}" for kind in KINDS if name.endswith(f".{kind}")), ".csv")
    with TemporaryDirectory(prefix="bankseg-upload-") as folder:
        path = Path(folder) / f"sample{suffix}"
        path.write_bytes(upload.getbuffer())
        yield path
