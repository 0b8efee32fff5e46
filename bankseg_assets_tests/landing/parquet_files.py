"""Parquet files of one record repeated, with single columns replaced, for tests of the reader."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.parse import Parsed, parse_delivery

CONTRACT = DeliveryContract()
SOUND = ("T1", "C1", "10/1/94", "F", "PUNE", "9.5", "2/8/16", "143207", "25")
RECORD = dict(zip(CONTRACT.header.values(), SOUND, strict=True))
PLACE = CONTRACT.header["location"]


def constant(rows: int, text: str) -> pa.DictionaryArray:
    """Return a repeated text that takes memory once."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([text]))


def table(rows: int, columns: Mapping[str, pa.Array] | None = None) -> pa.Table:
    """Return a sound record repeated `rows` times, with columns replaced or added."""
    sound = {name: constant(rows, text) for name, text in RECORD.items()}
    return pa.table(sound | dict(columns or {}))


def write(
    path: Path, rows: int, columns: Mapping[str, pa.Array] | None = None, **options: object
) -> Path:
    """Write such a table."""
    pq.write_table(table(rows, columns), path, **options)
    return path


def parse(path: Path, contract: DeliveryContract = CONTRACT) -> Parsed:
    """Parse a file as ingestion does, into `out` next to it."""
    return parse_delivery(
        path, contract, file_name="b.parquet", sha256="a", output=path.with_name("out")
    )
