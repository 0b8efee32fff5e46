"""Remove records from the archived files of a delivery, which keeps its identity."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.archive import ORIGINAL_FILE, RECORDS_FILE
from bankseg_assets.landing.erasing import is_same_without, write_without
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.parse import EXTRA_FILE
from bankseg_assets.storage.parquet_filter import write_filtered


@dataclass(frozen=True)
class Shortened:
    """The files of a delivery without some records: name -> new file, None to remove it."""

    files: dict[str, Path | None]
    rows: int
    """The records that were removed."""
    records: int
    """The records that are left."""


def without_records(
    folder: Path,
    output: Path,
    contract: DeliveryContract,
    file_name: str,
    numbers: npt.NDArray[np.int64],
) -> Shortened:
    """Write the files of a delivery without the records of these numbers into `output`.

    `folder`: of the delivery in the archive. The original is removed if it cannot be rewritten:
    its records are kept. Raises OSError.
    """
    output.mkdir(parents=True, exist_ok=True)
    files: dict[str, Path | None] = {}
    removed = pa.array(np.sort(numbers))
    for name in (RECORDS_FILE, EXTRA_FILE):
        if (folder / name).exists():
            files[name] = output / name
            write_filtered(
                folder / name, output / name, lambda rows: pc.is_in(rows["row_number"], removed)
            )
    if (folder / ORIGINAL_FILE).exists():
        shortened = output / ORIGINAL_FILE
        try:
            write_without(folder / ORIGINAL_FILE, shortened, contract, numbers.tolist())
            is_sound = is_same_without(shortened, output / RECORDS_FILE, contract, file_name)
        except DeliveryError:  # an earlier contract accepted it
            is_sound = False
        files[ORIGINAL_FILE] = shortened if is_sound else None
    left = pq.read_metadata(output / RECORDS_FILE).num_rows
    return Shortened(files, len(numbers), left)
