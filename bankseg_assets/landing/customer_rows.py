"""Find and remove the rows of customers in the archive of a delivery and in tables of rows."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.archive import ORIGINAL_FILE, RECORDS_FILE
from bankseg_assets.landing.erasing import is_same_without, write_without
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.parse import EXTRA_FILE
from bankseg_assets.privacy.customer_columns import rows_of
from bankseg_assets.privacy.customer_ids import IsOne, normalised
from bankseg_assets.storage.parquet_filter import write_filtered

ID, MALFORMED, RAW_TEXT = "customer_id", "malformed_text", "raw_text"
IDENTIFYING = (ID, MALFORMED, RAW_TEXT)
"""Columns of tables that show whose row it is."""
_PARTS = re.compile(r"[\s,;|\"']+")
"""Between the values of a record that could not be split as the contract says."""


@dataclass(frozen=True)
class Shortened:
    """The files of a delivery without some customers: name -> new file, None to remove it."""

    files: dict[str, Path | None]
    rows: int
    """The rows that were removed."""
    records: int
    """The rows that are left."""


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

    `folder`: of the delivery in the archive. The original is removed if it cannot be rewritten:
    its records are kept. Raises OSError.
    """
    records = folder / RECORDS_FILE
    columns = [name for name in IDENTIFYING if name in pq.read_schema(records).names]
    table = pq.read_table(records, columns=[*columns, "row_number"])
    numbers = table["row_number"].filter(customer_rows(table, is_one, contract)).to_numpy()
    if not len(numbers):
        return None
    output.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path | None] = {}
    erased = pa.array(np.sort(numbers))
    for name in (RECORDS_FILE, EXTRA_FILE):
        if (folder / name).exists():
            files[name] = output / name
            write_filtered(
                folder / name, output / name, lambda rows: pc.is_in(rows["row_number"], erased)
            )
    if (folder / ORIGINAL_FILE).exists():
        shortened = output / ORIGINAL_FILE
        try:
            write_without(folder / ORIGINAL_FILE, shortened, contract, numbers.tolist())
            is_sound = is_same_without(shortened, output / RECORDS_FILE, contract, file_name)
        except DeliveryError:  # an earlier contract accepted it
            is_sound = False
        files[ORIGINAL_FILE] = shortened if is_sound else None
    return Shortened(files, len(numbers), table.num_rows - len(numbers))


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
