"""A scored list as an XLSX workbook."""

from io import BytesIO
from typing import BinaryIO

import pyarrow as pa

from bankseg_assets.presentation.formatting import number
from bankseg_assets.presentation.spreadsheet import write_xlsx
from bankseg_assets.scoring.documents import NumberInput
from bankseg_assets.scoring.inputs import asked_of
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.score_table import Scorer

SHEET_NAME = "Customers"
MOST_ROWS = 1_048_575
"""Of a sheet, without the header."""


def xlsx_bytes(table: pa.Table, scorer: Scorer) -> bytes:
    """Return a scored table as a workbook. Raises ListError as `write_workbook`."""
    file = BytesIO()
    write_workbook(file, table, scorer)
    return file.getvalue()


def write_workbook(file: BinaryIO, table: pa.Table, scorer: Scorer) -> None:
    """Write a scored table as a sheet; inputs that were texts are numbers in it.

    A column of an input with an invalid value stays as it was written. Raises ListError if the
    sheet cannot hold the rows.
    """
    require_rows_of_sheet(table.num_rows)
    write_xlsx(file, {SHEET_NAME: _with_numbers(table, scorer).to_pandas()})


def require_rows_of_sheet(rows: int) -> None:
    """Raise ListError for more rows than a sheet can hold."""
    if rows > MOST_ROWS:
        raise ListError(
            f"An XLSX sheet holds at most {number(MOST_ROWS)} rows below its header; the list has "
            "more. Write it as CSV."
        )


def _with_numbers(table: pa.Table, scorer: Scorer) -> pa.Table:
    known, problems = scorer.read(table)
    wrong = {measure for found in problems.values() for measure in found}
    for field in asked_of(scorer.bundle):
        name = scorer.columns.get(field.measure)
        if name and isinstance(field, NumberInput) and field.measure not in wrong:
            values = pa.array(known[field.measure], pa.float64(), from_pandas=True)
            table = table.set_column(table.column_names.index(name), name, values)
    for place, column in enumerate(table.schema):
        if pa.types.is_decimal(column.type):
            table = table.set_column(place, column.name, table[column.name].cast(pa.float64()))
    return table
