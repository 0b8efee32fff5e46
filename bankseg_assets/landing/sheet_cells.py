"""Convert spreadsheet cells to text, as a CSV of the same bank would hold them."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from bankseg_assets.contracts.date_formats import DateFormat
from bankseg_assets.contracts.delivery import ColumnRule, DeliveryContract

Cell = str | bool | int | float | date | datetime | time | timedelta
_DAY = timedelta(days=1)
_EXACT = 10**15
"""Spreadsheets keep 15 digits: further digits of a longer number are lost."""
_LINE_BREAK = re.compile(r"\r\n|[\r\n]")
_IDS = ("transaction_id", "customer_id")


@dataclass(frozen=True)
class CellStyle:
    """The text formats of a column's values."""

    decimal_separator: str = "."
    time_format: str = ""
    """Of two digits a part, such as HHmmss; empty for ISO's."""
    day_format: str = ""
    """Where an ISO date could be read as another day; empty for ISO's."""
    month_names: tuple[str, ...] = ()
    is_time: bool = False
    is_id: bool = False

    def text(self, value: Cell) -> str:
        """Return a cell's text."""
        if isinstance(value, str):
            # So that each row of the sheet is one line.
            return _LINE_BREAK.sub(" ", value) if "\n" in value or "\r" in value else value
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, int | float):
            return self._number(value)
        if isinstance(value, timedelta):
            if not timedelta() <= value < _DAY:
                return str(value)
            value = (datetime.min + value).time()
        if isinstance(value, datetime) and self.is_time:
            value = value.time()
        return self._time(value) if isinstance(value, time) else self._moment(value)

    def _number(self, value: float) -> str:
        if self.is_id and abs(value) >= _EXACT:
            return f"{Decimal(value):.14E}"  # as in CSV: cleaning recognises it as a damaged ID
        text = repr(value)
        if "e" in text:
            text = f"{Decimal(text):f}"
        text = text.removesuffix(".0")
        return text if self.decimal_separator == "." else text.replace(".", self.decimal_separator)

    def _time(self, value: time) -> str:
        if not self.time_format:
            return value.isoformat("milliseconds" if value.microsecond else "seconds")
        parts = {"HH": value.hour, "mm": value.minute, "ss": value.second}
        text = self.time_format
        for part, number in parts.items():
            text = text.replace(part, f"{number:02d}")
        return text

    def _moment(self, value: date) -> str:
        if self.day_format:
            moment = value if isinstance(value, datetime) else datetime.combine(value, time())
            return DateFormat(self.day_format, self.month_names).write(moment, padded=True)
        if not isinstance(value, datetime):
            return value.isoformat()
        if value.time() == time():
            return value.date().isoformat()
        return value.isoformat(" ", "milliseconds" if value.microsecond else "seconds")


def styles_of(contract: DeliveryContract) -> dict[str, dict[str, Any]]:
    """Return column name in the file -> the fields of its style, JSON-serialisable."""
    found: dict[str, CellStyle] = {}
    for ours, rule in contract.columns.items():
        style = _style(ours, rule)
        for name in rule.file_names:
            # Parts of a joined column are plain, unless one is also a column by itself.
            if not rule.names or name not in found:
                found[name] = CellStyle(is_id=style.is_id) if rule.names else style
    return {name: asdict(style) for name, style in found.items()}


def style_from(fields: Mapping[str, Any]) -> CellStyle:
    """Return the style with these fields."""
    return CellStyle(**{**fields, "month_names": tuple(fields.get("month_names", ()))})


def _style(ours: str, rule: ColumnRule) -> CellStyle:
    has_format = bool(rule.format or rule.formats)
    is_time = ours == "transaction_time"
    takes_iso = is_time or not has_format or rule.takes_iso_dates
    return CellStyle(
        decimal_separator=rule.decimal_separator,
        time_format=rule.format if is_time and has_format and rule.has_plain_format else "",
        day_format="" if takes_iso else rule.readers[0].text,
        month_names=rule.month_names,
        is_time=is_time,
        is_id=ours in _IDS,
    )
