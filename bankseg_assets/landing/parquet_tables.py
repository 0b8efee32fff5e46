"""Read a Parquet file as the text that a CSV of the same bank would hold."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bankseg_assets.delivery import ColumnRule, DeliveryContract
from bankseg_assets.landing.csv_tables import ROWS_PER_GROUP
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import printable
from bankseg_assets.landing.header import Header, check_header

ReadError = (pa.ArrowException, OSError, UnicodeDecodeError)


def parquet_header(original: Path, contract: DeliveryContract, file_name: str) -> Header:
    """Find the contract's columns in a Parquet file; raises DeliveryError."""
    try:
        names = pq.read_schema(original).names
    except ReadError as error:
        raise _damaged(error, file_name) from error
    return check_header(names, contract, file_name)


def parquet_tables(
    original: Path, contract: DeliveryContract, file_name: str, header: Header
) -> Iterator[pa.Table]:
    """Yield the records as strings under the header's places as names, with row_number from 1.

    Raises DeliveryError when the file is damaged, or a column is of a type without a text form.
    """
    rules = {place: contract.columns[ours] for ours, place in header.places.items()}
    next_number = 1
    try:
        with pq.ParquetFile(original) as file:
            for batch in file.iter_batches(ROWS_PER_GROUP):
                columns = {
                    str(place): _as_text(column, rules.get(place), header.names[place], file_name)
                    for place, column in enumerate(batch.columns)
                }
                numbers = np.arange(next_number, next_number + batch.num_rows)
                next_number += batch.num_rows
                yield pa.table(columns | {"row_number": pa.array(numbers, pa.int64())})
    except ReadError as error:
        raise _damaged(error, file_name) from error


def _damaged(error: Exception, file_name: str) -> Exception:
    # With a number it is the machine's error, such as 5, input/output; the content is not at fault.
    if isinstance(error, OSError) and error.errno is not None:
        return error
    return DeliveryError(f"{file_name} is a damaged Parquet file. Send the file again.")


def _as_text(column: pa.Array, rule: ColumnRule | None, name: str, file_name: str) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _as_text(column.dictionary_decode(), rule, name, file_name)
    if pa.types.is_nested(kind):
        raise DeliveryError(
            f"{file_name} has lists or structures in the column {printable(name)!r}; one value a "
            "record was expected. Send the column as text, numbers or dates."
        )
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        column = pc.local_timestamp(column)  # the bank's own clock
    text = column.cast(pa.string())
    text.validate(full=True)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        text = _plain_numbers(text)
    if rule is not None and rule.decimal_separator == "," and not _is_text(kind):
        text = pc.replace_substring(text, ".", ",")
    if rule is not None and pa.types.is_time(kind):
        text = _clock_time(text, rule.format)
    return text


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _plain_numbers(text: pa.Array) -> pa.Array:
    """Write 1e+15 as 1000000000000000."""
    is_scientific = pc.fill_null(pc.match_substring_regex(text, "[0-9][eE]"), False)
    if not pc.any(is_scientific).as_py():
        return text
    plain = [f"{Decimal(number):f}" for number in text.filter(is_scientific).to_pylist()]
    return pc.replace_with_mask(text, is_scientific, pa.array(plain, pa.string()))


def _clock_time(text: pa.Array, format_: str) -> pa.Array:
    """Write 14:32:07.000 in the contract's format, whose parts are of two digits each."""
    pattern = r"^(?P<HH>\d\d):(?P<mm>\d\d):(?P<ss>\d\d).*$"
    written = format_.replace("HH", r"\1").replace("mm", r"\2").replace("ss", r"\3")
    return pc.replace_substring_regex(text, pattern, written)
