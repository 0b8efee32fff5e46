"""Read the sheets of an XLSX file as tables, through the landing reader."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.file_layout import FileLayout
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.xlsx import sheet_as_csv, shown_sheets
from bankseg_assets.onboarding.header_words import roles_of
from bankseg_assets.onboarding.sample import SampleError
from bankseg_assets.onboarding.text_tables import TextTable, find_table
from bankseg_assets.runtime.scratch import temporary_folder

MOST_SHEETS = 10
MOST_TEXT_BYTES = 8 << 20


@dataclass(frozen=True)
class SheetReading:
    """How the sheets of a file are read."""

    is_known: Callable[[str], object] = roles_of
    """Whether a column's name is recognised."""
    decimal_separator: str = "."
    """Of cells that are numbers."""


def read_sheets(
    path: Path, file_name: str, reading: SheetReading | None = None
) -> dict[str, TextTable | None]:
    """Return sheet -> its table or None, the first sheet of the file first.

    Raises SampleError.
    """
    reading = reading or SheetReading()
    found: dict[str, TextTable | None] = {}
    with temporary_folder() as folder:
        copy = folder / "original"  # the reader writes next to it
        shutil.copyfile(path, copy)
        try:
            first, others = _read(copy, "", file_name, reading)
        except SampleError:  # a cover sheet: one line, or empty
            if len(names := _shown_sheets(copy, file_name)) <= 1:
                raise
            first, others = None, names[1:]
        named: list[str] = []
        for name in others[:MOST_SHEETS]:
            found[name], rest = _read(copy, name, file_name, reading)
            named += [one for one in rest if one not in others]
    # The reader names only the sheets that it does not read; they give the first one's name.
    return {(named or [""])[0]: first, **found}


def _shown_sheets(path: Path, file_name: str) -> tuple[str, ...]:
    try:
        return shown_sheets(path, file_name)
    except DeliveryError as error:
        raise SampleError(str(error)) from error


def _read(
    path: Path, sheet: str, file_name: str, reading: SheetReading
) -> tuple[TextTable | None, tuple[str, ...]]:
    everything = replace(
        DeliveryContract(), columns={}, row_filters=(), layout=FileLayout(sheet=sheet)
    )
    try:
        with sheet_as_csv(path, everything, file_name, reading.decimal_separator) as found:
            csv_path, _, _, others = found
            with csv_path.open("rb") as file:
                text = file.read(MOST_TEXT_BYTES).decode(errors="replace")
            if len(text) >= MOST_TEXT_BYTES:
                text = text[: text.rfind("\n") + 1]
            is_whole = len(text) < MOST_TEXT_BYTES
            return find_table([text], has_end=is_whole, is_known=reading.is_known), others
    except DeliveryError as error:
        if sheet:
            return None, ()
        raise SampleError(str(error)) from error
