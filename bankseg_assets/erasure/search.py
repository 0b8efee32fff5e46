"""Search every byte of files for customer IDs, also what is compressed: gzip, ZIP and Parquet."""

import gzip
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.customer_rows import IDENTIFYING, customer_rows
from bankseg_assets.landing.files import CHUNK_BYTES, MAGIC_GZIP, MAGIC_PARQUET, MAGIC_ZIP
from bankseg_assets.landing.text import Reader
from bankseg_assets.privacy.customer_ids import KnownIds

SHORTEST = 6
"""Characters of an ID that is searched in all bytes; a shorter one occurs in amounts and times."""
MOST_PATTERNS = 200
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


@dataclass(frozen=True)
class Hit:
    """A file in which an ID was found, and how often."""

    path: Path
    count: int


class Search:
    """Looks for IDs in files. A hit is a whole ID: `C12` is not in `C123`."""

    def __init__(self, ids: Collection[str], contract: DeliveryContract) -> None:
        self._ids = KnownIds(ids)
        self._contract = contract
        long = sorted(one for one in ids if len(one) >= SHORTEST)
        parts = [
            long[start : start + MOST_PATTERNS] for start in range(0, len(long), MOST_PATTERNS)
        ]
        self._patterns = [_pattern(part) for part in parts]
        self._texts = [
            rf"(^|[^0-9A-Za-z])({'|'.join(map(re.escape, part))})([^0-9A-Za-z]|$)" for part in parts
        ]
        self._overlap = 4 * max(map(len, ids), default=0) + 8

    def below(self, *folders: Path) -> Iterator[Hit]:
        """Yield the files below folders with an ID."""
        for folder in folders:
            for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
                if path.is_file() and not path.is_symlink() and (count := self.hits_in(path)):
                    yield Hit(path, count)

    def hits_in(self, path: Path) -> int:
        """Return how often an ID is in a file; 0 for a missing one."""
        try:
            with path.open("rb") as file:
                start = file.read(len(MAGIC_PARQUET))
                file.seek(0)
                count = self._in_stream(file)
        except FileNotFoundError:
            return 0
        try:
            if start.startswith(MAGIC_GZIP):
                with gzip.open(path) as text:
                    count += self._in_stream(text)
            elif start == MAGIC_ZIP:
                with zipfile.ZipFile(path) as package:
                    for name in package.namelist():
                        with package.open(name) as part:
                            count += self._in_stream(part)
            elif start == MAGIC_PARQUET:
                count += self._in_parquet(path)
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, pa.ArrowException):
            return count  # damaged: only its bytes could be searched
        return count

    def masked(self, content: bytes) -> bytes:
        """Return a text with the IDs replaced by asterisks of the same length."""
        for pattern in self._patterns:
            content = pattern.sub(lambda found: b"*" * len(found[0]), content)
        return content

    def lines_without(self, content: bytes) -> tuple[bytes, int]:
        """Return the lines of a text in which no ID is, and how many others there are."""
        lines = content.splitlines(keepends=True)
        kept = [
            line for line in lines if not any(pattern.search(line) for pattern in self._patterns)
        ]
        return b"".join(kept), len(lines) - len(kept)

    def _in_stream(self, file: Reader) -> int:
        count, before, counted = 0, b"", 0
        while chunk := file.read(CHUNK_BYTES):
            text = before + chunk
            # What ends in the overlap may continue in the next chunk, and is counted with it.
            limit = max(0, len(text) - self._overlap)
            count += self._hits(text, counted, limit)
            start = max(0, limit - self._overlap)
            before, counted = text[start:], limit - start
        return count + self._hits(before, counted, len(before))

    def _hits(self, text: bytes, after: int, limit: int) -> int:
        """Return the number of hits that end after one position and not after another."""
        found = (one.end() for pattern in self._patterns for one in pattern.finditer(text))
        return sum(after < end <= limit for end in found)

    def _in_parquet(self, path: Path) -> int:
        count = 0
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(1 << 16):
                table = pa.Table.from_batches([batch])
                count += pc.sum(customer_rows(table, self._ids, self._contract)).as_py() or 0
                others = [name for name in table.column_names if name not in IDENTIFYING]
                count += sum(self._in_column(table[name]) for name in others)
        return count

    def _in_column(self, column: pa.ChunkedArray) -> int:
        kind = column.type
        if pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
            text = column.cast(pa.string())
            found = pc.is_in(text, pa.array(sorted(self._ids.ids), pa.string()))
            for pattern in self._texts:
                found = pc.or_(found, pc.fill_null(pc.match_substring_regex(text, pattern), False))
            return pc.sum(found).as_py() or 0
        return 0


def _pattern(ids: Collection[str]) -> re.Pattern[bytes]:
    plain = b"|".join(re.escape(one.encode()) for one in ids)
    wide = b"|".join(re.escape(one.encode(encoding)) for one in ids for encoding in _ENCODINGS[1:])
    return re.compile(rb"(?<![0-9A-Za-z])(?:%b)(?![0-9A-Za-z])|%b" % (plain, wide))
