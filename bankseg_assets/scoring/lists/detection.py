"""Detect how a list is written: encoding, delimiter, header, decimal mark, sheet.

The contract's notation is the default: it is used wherever the list does not contradict it.
"""

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from bankseg_assets.contracts.currencies import signs
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.value_ranges import decimal_separator
from bankseg_assets.landing.header import quoted_names
from bankseg_assets.onboarding.columns import Column
from bankseg_assets.onboarding.encodings import decode_sample, find_encoding
from bankseg_assets.onboarding.header_words import roles_of
from bankseg_assets.onboarding.sample import SampleError, TextSample, read_text_sample
from bankseg_assets.onboarding.sheets import SheetReading, read_sheets
from bankseg_assets.onboarding.text_tables import DELIMITERS, find_table
from bankseg_assets.scoring.documents import NumberInput
from bankseg_assets.scoring.inputs import Input
from bankseg_assets.scoring.lists.column_matching import is_called, propose_columns
from bankseg_assets.scoring.lists.errors import ListError
from bankseg_assets.scoring.lists.file_kind import PARQUET, SHEET, kind_of
from bankseg_assets.scoring.lists.parse_numbers import numbers
from bankseg_assets.scoring.lists.reading import Dialect
from bankseg_assets.scoring.lists.score_table import outside

DECIMALS = (".", ",")
MOST_VALUES = 2_000
"""Distinct values of a column by which its decimal mark is detected."""
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}


@dataclass(frozen=True)
class Settings:
    """What a user has set about a list; empty or absent: to be detected."""

    delimiter: str = ""
    decimal: str = ""
    encoding: str = ""
    sheet: str = ""
    columns: Mapping[str, str] | None = None
    """Input -> column, empty for none."""


@dataclass(frozen=True)
class Detection:
    """How a list is read."""

    kind: str
    """One of `file_kind`."""
    dialect: Dialect
    notes: tuple[str, ...] = ()
    """What is ambiguous, or differs from the contract, as sentences without values."""
    encodings: tuple[str, ...] = ()
    """Encodings that could be meant."""
    sheets: tuple[str, ...] = ()
    """Of an XLSX file."""


def contract_dialect(contract: DeliveryContract) -> Dialect:
    """Return the notation of a contract."""
    return Dialect(contract.delimiter, decimal_separator(contract), contract.encoding)


def detect(
    path: Path, name: str, default: Dialect, inputs: Sequence[Input], given: Settings
) -> Detection:
    """Detect how a list is written; settings that are `given` are used as they are.

    `name`: for messages. Raises ListError.
    """
    try:
        kind = kind_of(path, name)
        if kind == PARQUET:
            return Detection(kind, replace(default, decimal=given.decimal or default.decimal))
        if kind == SHEET:
            return _sheet(path, name, default, inputs, given)
        return _text(path, default, inputs, given)
    except SampleError as error:
        raise ListError(str(error)) from error
    except OSError as error:
        raise ListError(f"{name} cannot be read ({error.strerror or 'it is damaged'}).") from error


def _text(path: Path, default: Dialect, inputs: Sequence[Input], given: Settings) -> Detection:
    sample = read_text_sample(path)
    encoding, encodings = _encoding(sample, default.encoding)
    notes = []
    if given.encoding:
        encoding = given.encoding
    elif encodings:
        notes.append(
            f"Only the letters show the encoding of this list: {encoding} is used. If names look "
            f"wrong, choose another one: {', '.join(encodings)}."
        )
    delimiters = tuple(dict.fromkeys((default.delimiter, *DELIMITERS)))
    table = find_table(
        decode_sample(sample, encoding),
        has_end=sample.has_end,
        is_known=lambda column: _is_known(column, inputs),
        delimiters=(given.delimiter,) if given.delimiter else delimiters,
    )
    dialect = Dialect(given.delimiter or default.delimiter, default.decimal, encoding)
    columns: Sequence[Column] = ()
    if table is not None:
        delimiter = given.delimiter or table.delimiter
        dialect = replace(dialect, delimiter=delimiter, header_line=table.header_place)
        columns = table.columns
        if table.header_line > 1:
            notes.append(f"The header is in line {table.header_place}; lines above are not read.")
    dialect, ambiguous = _with_decimal(dialect, columns, inputs, given)
    notes += _differences(dialect, default, given)
    return Detection("text", dialect, (*notes, *ambiguous), encodings)


def _sheet(
    path: Path, name: str, default: Dialect, inputs: Sequence[Input], given: Settings
) -> Detection:
    reading = SheetReading(
        lambda column: _is_known(column, inputs), given.decimal or default.decimal
    )
    tables = read_sheets(path, name, reading)
    if given.sheet and given.sheet not in tables:
        raise ListError(
            f"{name} has no sheet {quoted_names([given.sheet])}. Its sheets are "
            f"{quoted_names(list(tables))}."
        )
    named = {one: table.named if table else 0 for one, table in tables.items()}
    sheet = given.sheet or max(named, key=named.__getitem__)
    table = tables[sheet]
    notes = []
    if len(tables) > 1 and not given.sheet:
        notes.append(f"The sheet {quoted_names([sheet])} is read, of {quoted_names(list(tables))}.")
    if table is not None and table.header_place > 1:
        notes.append(f"The header is in row {table.header_place}; rows above are not read.")
    place = table.header_place if table else 1
    dialect = replace(default, header_line=place, sheet=sheet)
    dialect, ambiguous = _with_decimal(dialect, table.columns if table else (), inputs, given)
    return Detection(SHEET, dialect, (*notes, *ambiguous), sheets=tuple(filter(None, tables)))


def _is_known(column: str, inputs: Sequence[Input]) -> bool:
    return "customer_id" in roles_of(column) or any(is_called(column, one) for one in inputs)


def _encoding(sample: TextSample, default: str) -> tuple[str, tuple[str, ...]]:
    """Return the encoding, and the candidates if only the bank knows.

    The contract's is used for ASCII, and for bytes that are not UTF-8 where it can decode them.
    """
    found = find_encoding(sample)
    wanted = codecs.lookup(default).name
    if found.name.startswith(("utf-16", "utf-32")) or not (sample.is_ascii or found.candidates):
        is_single = not sample.is_utf8 and not found.name.startswith("utf")
        return (wanted if is_single and _decodes(sample, wanted) else found.name), ()
    if _decodes(sample, wanted):
        return wanted, ()
    return found.name, found.candidates if len(found.candidates) > 1 else ()


def _decodes(sample: TextSample, encoding: str) -> bool:
    if encoding.startswith(("utf-16", "utf-32")):
        return False
    try:
        for piece in sample.pieces:
            text = piece.decode(encoding)
            if sample.is_ascii and text != piece.decode("ascii"):
                return False
    except UnicodeDecodeError:
        return False
    return True


def _with_decimal(
    dialect: Dialect, columns: Sequence[Column], inputs: Sequence[Input], given: Settings
) -> tuple[Dialect, tuple[str, ...]]:
    """Return the dialect with the decimal mark that reads the most numbers, and any doubt."""
    if given.decimal:
        return replace(dialect, decimal=given.decimal), ()
    names = [column.name for column in columns]
    chosen = {key: name for key, name in (given.columns or {}).items() if name in ("", *names)}
    matching, _ = propose_columns(names, inputs, chosen)
    matched = matching.alike | matching.columns
    by_name = {column.name: column for column in columns}
    values = [
        (entry, list(by_name[matched[entry.measure]].counts)[:MOST_VALUES])
        for entry in inputs
        if isinstance(entry, NumberInput) and entry.measure in matched
    ]
    usual = dialect.decimal
    other = next(mark for mark in DECIMALS if mark != usual)
    reads = {mark: [_read(entry, some, mark) for entry, some in values] for mark in (usual, other)}
    counts = {mark: sum(int(sound.sum()) for _, sound in found) for mark, found in reads.items()}
    if counts[other] > counts[usual]:
        return replace(dialect, decimal=other), ()
    both = [
        (sound & sound_too & (value != value_too)).any()
        for (value, sound), (value_too, sound_too) in zip(reads[usual], reads[other], strict=True)
    ]
    if not any(both) or counts[other] < counts[usual]:
        return dialect, ()
    large, small = (f"1{mark}234" for mark in (other, usual))
    return dialect, (
        f"Some numbers are written like {large} or {small}, and no number shows which is meant: "
        f"{usual!r} is used as the decimal mark, as in the contract, so that {large} is one "
        f"thousand. If {other!r} is the decimal mark, set it.",
    )


def _read(entry: NumberInput, values: list[str], decimal: str) -> tuple[np.ndarray, np.ndarray]:
    found, wrong = numbers(pa.array(values, pa.string()), decimal, "", signs(entry.unit))
    return found, ~wrong & ~outside(entry, found)


def _differences(dialect: Dialect, default: Dialect, given: Settings) -> list[str]:
    """Return what was detected otherwise than the contract says, in one sentence."""
    found = []
    if dialect.delimiter != default.delimiter and not given.delimiter:
        found.append(f"the delimiter {delimiter_name(dialect.delimiter)}")
    if dialect.decimal != default.decimal and not given.decimal:
        found.append(f"the decimal mark {dialect.decimal!r}")
    if codecs.lookup(dialect.encoding) != codecs.lookup(default.encoding) and not given.encoding:
        found.append(f"the encoding {dialect.encoding}")
    return [f"Detected, other than in the contract: {', '.join(found)}."] if found else []


def delimiter_name(delimiter: str) -> str:
    """Return a delimiter for people.

    >>> delimiter_name(";"), delimiter_name("^")
    ('; (semicolon)', '^')
    """
    name = DELIMITER_NAMES.get(delimiter, "")
    shown = "" if delimiter == "\t" else delimiter
    return f"{shown} ({name})" if shown and name else shown or name
