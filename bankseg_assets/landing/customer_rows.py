"""Find the rows of customers in the archive of a delivery and in tables of rows."""

import json
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.archive import RECORDS_FILE
from bankseg_assets.landing.record_removal import Shortened, without_records
from bankseg_assets.privacy.customer_columns import rows_of
from bankseg_assets.privacy.customer_ids import IsOne, normalised

ID, MALFORMED, RAW_TEXT = "customer_id", "malformed_text", "raw_text"
IDENTIFYING = (ID, MALFORMED, RAW_TEXT)
"""Columns of tables that show whose row it is."""
_PARTS = re.compile(r"[\s,;|\"']+")
"""Between the values of a record that could not be split as the contract says."""


def customer_rows(table: pa.Table, is_one: IsOne, contract: DeliveryContract) -> pa.ChunkedArray:
    """Return whether each row of a table is of one of these customers.

    By its customer ID; of a row that could not be parsed, by any field of its text.
    """
    rule = contract.columns[ID]
    found = np.zeros(table.num_rows, np.bool_)
    if ID in table.column_names:
        found |= rows_of(table[ID], is_one, rule).to_numpy()
    for name in (MALFORMED, RAW_TEXT):
        if name in table.column_names:
            texts = table[name]
            places = np.flatnonzero(texts.is_valid().to_numpy())
            theirs = [_has_one(text, is_one, contract) for text in texts.take(places).to_pylist()]
            found[places[np.array(theirs, np.bool_)]] = True
    return pa.chunked_array([pa.array(found)])


def shorten(
    folder: Path, output: Path, contract: DeliveryContract, file_name: str, is_one: IsOne
) -> Shortened | None:
    """Write the files of a delivery without some customers into `output`; None if it has none.

    `folder`: of the delivery in the archive. Raises OSError.
    """
    numbers = numbers_of_customers(folder / RECORDS_FILE, contract, is_one)
    if not len(numbers):
        return None
    return without_records(folder, output, contract, file_name, numbers)


def numbers_of_customers(
    records: Path, contract: DeliveryContract, is_one: IsOne
) -> npt.NDArray[np.int64]:
    """Return the numbers of the records of these customers, in the memory of one row group."""
    found = [np.empty(0, np.int64)]
    with pq.ParquetFile(records) as file:
        columns = [name for name in IDENTIFYING if name in file.schema_arrow.names]
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, [*columns, "row_number"])
            theirs = table["row_number"].filter(customer_rows(table, is_one, contract))
            found.append(theirs.to_numpy())
    return np.concatenate(found)


def _has_one(text: str, is_one: IsOne, contract: DeliveryContract) -> bool:
    """Return whether a record as text is of one of the customers."""
    rule = contract.columns[ID]
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    if isinstance(fields, dict):
        found = fields.get(ID)
        return isinstance(found, str) and is_one(normalised(found, rule))
    parts = {*text.split(contract.delimiter), *_PARTS.split(text)}
    return any(is_one(normalised(part.strip('"'), rule)) for part in parts)
