"""Convert a sheet of an XLSX file to the CSV file that it would be saved as."""

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.file_layout import FileLayout
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.header import quoted_names as quoted_sheets
from bankseg_assets.landing.scan import CsvScan, scan
from bankseg_assets.landing.sheet_cells import styles_of
from bankseg_assets.landing.sheet_reader import EMPTY, NO_SHEET, TOO_LARGE, Reply, Request
from bankseg_assets.landing.xlsx_package import check_package
from bankseg_assets.storage.atomic_file import draft_in

_ROOT = Path(__file__).parents[2]
MAX_SECONDS = 1800
_NO_NAME = "[:*?]"
"""Uses characters that a sheet's name cannot contain."""


@contextmanager
def sheet_as_csv(
    original: Path, contract: DeliveryContract, file_name: str, decimal_separator: str = "."
) -> Iterator[tuple[Path, DeliveryContract, CsvScan, tuple[str, ...]]]:
    """Yield a CSV of the contract's sheet, its contract, its content, and the other sheets.

    A record's number is its row in the sheet. `decimal_separator`: of numbers in columns that the
    contract does not name. Raises DeliveryError and OSError.
    """
    has_errors = check_package(original, file_name)
    with draft_in(original.parent) as draft:
        reply = _read(original, draft.path, contract, decimal_separator, has_errors=has_errors)
        if reply.fault:
            raise DeliveryError(_explained(reply, contract, file_name))
        text = replace(contract, delimiter=",", encoding="utf-8")
        with draft.path.open("rb") as file:
            found = scan(file, text, file_name)
        assert found is not None
        opening = replace(found.opening, header_number=found.opening.lines)
        yield draft.path, text, replace(found, opening=opening), tuple(reply.others)


def shown_sheets(original: Path, file_name: str) -> tuple[str, ...]:
    """Return the visible sheets, empty ones too. Raises DeliveryError and OSError."""
    check_package(original, file_name)
    no_sheet = replace(DeliveryContract(), layout=FileLayout(sheet=_NO_NAME))
    with draft_in(original.parent) as draft:
        return tuple(_read(original, draft.path, no_sheet, has_errors=False).others)


def _read(
    original: Path,
    output: Path,
    contract: DeliveryContract,
    decimal_separator: str = ".",
    *,
    has_errors: bool,
) -> Reply:
    layout = contract.layout
    request = Request(
        *(str(original.absolute()), str(output.absolute()), layout.sheet, layout.header_line),
        styles=styles_of(contract),
        has_errors=has_errors,
        decimal_separator=decimal_separator,
    )
    command = [sys.executable, "-m", "bankseg_assets.landing.sheet_reader"]
    try:
        done = subprocess.run(
            [*command, json.dumps(asdict(request))],
            cwd=_ROOT,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=MAX_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Reply(TOO_LARGE)
    if -done.returncode in (signal.SIGABRT, signal.SIGSEGV):
        return Reply(TOO_LARGE)  # the library's exit when memory runs out
    if done.returncode:
        raise OSError(errno.EIO, "the process that reads spreadsheets failed")
    return Reply(**json.loads(done.stdout.splitlines()[-1]))


def _explained(reply: Reply, contract: DeliveryContract, file_name: str) -> str:
    place = contract.layout_table
    if reply.fault == NO_SHEET:
        names = f"its sheets are {quoted_sheets(reply.others)}" if reply.others else "it has none"
        wanted = f"no sheet {reply.sheet!r}" if reply.sheet else "no visible sheet"
        return f"{file_name} has {wanted}; {names}. Correct `sheet` under {place} in the contract."
    if reply.fault == EMPTY:
        more = f" Its other sheets are {quoted_sheets(reply.others)}." if reply.others else ""
        return (
            f"{file_name} has no data in its sheet {quoted_sheets([reply.sheet])}.{more} Send the "
            f"file again, or set `sheet` under {place} in the contract."
        )
    if reply.fault == TOO_LARGE:
        return (
            f"{file_name} has a sheet that does not fit into memory, or a value far from all "
            "others. Send it as CSV, or in several files."
        )
    return f"{file_name} is a damaged XLSX file. Send the file again."
