"""Read the sheets of an XLSX file as tables, through the landing reader."""

import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.file_layout import FileLayout
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.xlsx import sheet_as_csv, shown_sheets
from bankseg_assets.onboarding.sample import SampleError
from bankseg_assets.onboarding.text_tables import TextTable, find_table

MOST_SHEETS = 10
MOST_TEXT_BYTES = 8 << 20


def read_sheets(path: Path, file_name: str) -> dict[str, TextTable | None]:
    """Return sheet -> its table or None, the first sheet of the file first.

    Raises SampleError.
    """
    found: dict[str, TextTable | None] = {}
    with TemporaryDirectory(prefix="bankseg-") as folder:
        copy = Path(folder) / "original"  # the reader writes next to it
        shutil.copyfile(path, copy)
        try:
            first, others = _read(copy, "", file_name)
        except SampleError:  # a cover sheet: one line, or empty
            if len(names := _shown_sheets(copy, file_name)) <= 1:
                raise
            first, others = None, names[1:]
        named: list[str] = []
        for name in others[:MOST_SHEETS]:
            found[name], rest = _read(copy, name, file_name)
            named += [one for one in rest if one not in others]
    # The reader names only the sheets that it does not read; they give the first one's name.
    return {(named or [""])[0]: first, **found}


def _shown_sheets(path: Path, file_name: str) -> tuple[str, ...]:
    try:
        return shown_sheets(path, file_name)
    except DeliveryError as error:
        raise SampleError(str(error)) from error


def _read(path: Path, sheet: str, file_name: str) -> tuple[TextTable | None, tuple[str, ...]]:
    everything = replace(
        DeliveryContract(), columns={}, row_filters=(), layout=FileLayout(sheet=sheet)
    )
    try:
        with sheet_as_csv(path, everything, file_name) as (csv_path, _, _, others):
            with csv_path.open("rb") as file:
                text = file.read(MOST_TEXT_BYTES).decode(errors="replace")
            if len(text) >= MOST_TEXT_BYTES:
                text = text[: text.rfind("\n") + 1]
            return find_table([text], has_end=len(text) < MOST_TEXT_BYTES), others
    except DeliveryError as error:
        if sheet:
            return None, ()
        raise SampleError(str(error)) from error
