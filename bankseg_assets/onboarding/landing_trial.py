"""Ingest a file into a temporary folder, as a batch would, and sample its rows."""

import gzip
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.archive import RECORDS_FILE
from bankseg_assets.landing.files import (
    CHUNK_BYTES,
    MAGIC_GZIP,
    STALLED_AFTER_SECONDS,
    printable,
)
from bankseg_assets.landing.intake import take_landed
from bankseg_assets.landing.ledger import Ledger, current_content
from bankseg_assets.landing.text import Reader
from bankseg_assets.onboarding.sample import kind_of

MOST_TEXT_BYTES = 128 << 20
"""Of a longer text, the beginning is read: a second or two."""
SAMPLE_ROWS = 5000
BLOCKS = 5
"""The sample is so many runs of rows, spread over the file: dates and amounts drift."""
RUN_ID = "check"


@dataclass(frozen=True)
class Trial:
    """The outcome of ingesting a file in the temporary folder."""

    outcome: str
    """`accepted`, `rejected` or `ignored`, as a batch records it."""
    detail: str
    sha256: str = ""
    records: int = 0
    sample: Path | None = None
    """The sampled records, a file of RAW_TRANSACTIONS."""
    is_cut: bool = False
    """Only the beginning of the file was read."""


def try_landing(path: Path, contract: DeliveryContract, folder: Path) -> Trial:
    """Ingest a copy of a file under `folder`; changes nothing else. Raises OSError."""
    landing, raw = folder / "landing", folder / "raw"
    landing.mkdir()
    landed = landing / path.name
    is_cut = _copy(path, landed)
    if is_cut:  # the copy does not end where the file does
        contract = replace(contract, layout=replace(contract.layout, footer_lines=0))
        if landed.name.endswith(".gz"):
            landed = landed.rename(landed.with_suffix(""))
    _make_old(landed)
    ledger = Ledger(folder / "ledger.sqlite")
    outcomes = take_landed(landing, raw, ledger, contract, run_id=RUN_ID)
    outcome = next(one for one in outcomes if one.file_name == printable(landed.name))
    current = current_content(ledger.deliveries())
    if not current:
        return Trial(outcome.outcome, outcome.detail, is_cut=is_cut)
    delivery = current[0]
    sample = folder / f"{delivery.sha256}.parquet"
    _take_sample(raw / delivery.sha256 / RECORDS_FILE, sample)
    return Trial(outcome.outcome, outcome.detail, delivery.sha256, delivery.records, sample, is_cut)


def _make_old(path: Path) -> None:
    """Set an old modification time, so that the copy counts as completely written."""
    moment = path.stat().st_mtime - 2 * STALLED_AFTER_SECONDS
    os.utime(path, (moment, moment))


def _copy(source: Path, copy: Path) -> bool:
    """Copy a file, or the first whole lines of a long text; return whether it was cut."""
    if not source.stat().st_size or kind_of(source) != "text":
        shutil.copyfile(source, copy)
        return False
    with source.open("rb") as file:
        is_packed = file.read(2) == MAGIC_GZIP
    if not is_packed and source.stat().st_size <= MOST_TEXT_BYTES:
        shutil.copyfile(source, copy)
        return False
    if not is_packed:
        with source.open("rb") as file:
            return _copy_beginning(file, copy)
    try:
        with gzip.open(source) as file:
            size = 0
            while size <= MOST_TEXT_BYTES and (chunk := file.read(CHUNK_BYTES)):
                size += len(chunk)
            if size > MOST_TEXT_BYTES:
                file.seek(0)
                return _copy_beginning(file, copy)
    except (EOFError, OSError, ValueError):
        pass  # damaged: the landing parser says so
    shutil.copyfile(source, copy)
    return False


def _copy_beginning(file: Reader, copy: Path) -> bool:
    text = file.read(MOST_TEXT_BYTES)
    copy.write_bytes(text[: text.rfind(b"\n") + 1])
    return True


def _take_sample(records: Path, sample: Path) -> None:
    """Write evenly spread runs of rows to a separate file."""
    file = pq.ParquetFile(records)
    total = file.metadata.num_rows
    if total <= SAMPLE_ROWS:
        shutil.copyfile(records, sample)
        return
    length = SAMPLE_ROWS // BLOCKS
    starts = [n * (total - length) // (BLOCKS - 1) for n in range(BLOCKS)]
    parts, first = [], 0
    for number in range(file.num_row_groups):
        rows = file.metadata.row_group(number).num_rows
        wanted = [s for s in starts if first < s + length and s < first + rows]
        if wanted:
            group = file.read_row_group(number)
            for start in wanted:
                low, high = max(0, start - first), min(rows, start + length - first)
                parts.append(group.slice(low, high - low))
        first += rows
    pq.write_table(pa.concat_tables(parts), sample, compression="zstd")
