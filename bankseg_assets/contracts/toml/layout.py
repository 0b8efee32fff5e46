"""Models of the file layout and the row filters."""

from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from bankseg_assets.contracts.delivery import RowFilter
from bankseg_assets.contracts.file_layout import FileLayout
from bankseg_assets.contracts.toml.values import (
    Expected,
    FooterLines,
    HeaderLine,
    HeaderName,
    LineStarts,
    TomlTable,
    Values,
    codec,
    slip,
)


class HoldingsFile(TomlTable):
    """The lines around the records of a file of holdings."""

    header_line: HeaderLine = Field(
        1,
        description="The line number of the header, counted from 1, if other lines precede it.",
        examples=[5],
    )
    footer_lines: FooterLines = Field(
        0, description="The number of lines at the end that are not records.", examples=[1]
    )
    footer_starts_with: LineStarts = Field(
        [],
        description="The beginnings of lines that are not records, anywhere in the file; an "
        "opening quote is ignored.",
        examples=[["Total", "Closing balance"]],
    )
    sheet: Annotated[str, Expected("a sheet's name")] = Field(
        "",
        description="The sheet of an XLSX file to read; by default the first.",
        examples=["Transactions"],
    )

    def layout(self) -> FileLayout:
        """Return the layout of the lines around the records."""
        starts = tuple(self.footer_starts_with)
        return FileLayout(self.header_line, self.footer_lines, starts, self.sheet)


class TransactionsFile(HoldingsFile):
    """How a file of transactions is written, and the lines around its records."""

    delimiter: Annotated[
        str, Field(pattern=r"^[!#-~ \t]$"), Expected("one ASCII character, not a quote")
    ] = Field(description="The delimiter of a CSV file.", examples=[",", ";", "\t"])
    encoding: Annotated[str, AfterValidator(codec), Expected("a codec's name, such as utf-8")] = (
        Field(description="The encoding, by its name in Python.", examples=["utf-8", "cp1252"])
    )


class RowFilterTable(TomlTable):
    """Which rows are read, by a column's values, ignoring case and surrounding blanks."""

    column: HeaderName = Field(description="The header's name.", examples=["Status"])
    keep: Values | None = Field(
        None, description="The values of rows to read.", examples=[["posted", "booked"]]
    )
    drop: Values | None = Field(
        None, description="Instead of keep: the values of rows to skip.", examples=[["declined"]]
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "RowFilterTable":
        if self.keep is None and self.drop is None:
            raise slip("is missing", "the values of rows to keep, or drop", "keep")
        if self.keep is not None and self.drop is not None:
            raise slip("is set", "keep or drop, not both", "drop")
        return self

    def row_filter(self) -> RowFilter:
        """Return the filter."""
        return RowFilter(self.column, tuple(self.keep or ()), tuple(self.drop or ()))
