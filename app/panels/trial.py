"""An uploaded sample of a bank's file: suggested contract, and what a batch would do with it.

Spark cleans the sample in a separate process with a time limit, so that the app stays responsive
and small.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, cast

from streamlit.runtime.uploaded_file_manager import UploadedFile

from bankseg_assets.onboarding.suggest import Suggestion, suggest
from bankseg_assets.runtime.scratch import temporary_folder

ROOT = Path(__file__).resolve().parents[2]
KINDS = ["csv", "csv.gz", "parquet", "xlsx"]
MAX_MEGABYTES = 20
TIMEOUT_SECONDS = 180
_CHECK_LOCK = Lock()
"""A check takes a gigabyte, so only one runs at a time."""


class TrialError(RuntimeError):
    """A check could not run; the message says why, for the page."""


def proposed(upload: UploadedFile, answers: Mapping[str, str]) -> Suggestion:
    """Return the suggested contract of an upload. Raises SampleError and AnswerError."""
    with _stored(upload) as path:
        return suggest(path, answers)


def checked(upload: UploadedFile, contract: str, *, show_values: bool) -> dict[str, Any]:
    """Return the report of a check, as `onboarding.check.Report.document` writes it.

    `contract`: its text. Raises TrialError.
    """
    if not _CHECK_LOCK.acquire(blocking=False):
        raise TrialError("Another file is being checked. Try again in half a minute.")
    try:
        with _stored(upload) as path:
            contract_path = path.with_name("contract.toml")
            contract_path.write_text(contract, encoding="utf-8")
            return _run(path, contract_path, show_values=show_values)
    finally:
        _CHECK_LOCK.release()


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
    """Yield the upload as a temporary file under a safe name."""
    name = upload.name.lower()
    suffix = next((f".{kind}" for kind in KINDS if name.endswith(f".{kind}")), ".csv")
    with temporary_folder() as folder:
        path = folder / f"sample{suffix}"
        path.write_bytes(upload.getbuffer())
        yield path
