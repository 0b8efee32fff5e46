"""Search every byte of files for customer IDs, also what is compressed: gzip, ZIP and Parquet."""

import csv
import gzip
import re
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bankseg_assets.contracts.characters import INVISIBLE
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.customer_rows import ID, IDENTIFYING, customer_rows
from bankseg_assets.landing.files import CHUNK_BYTES, MAGIC_GZIP, MAGIC_PARQUET, MAGIC_ZIP
from bankseg_assets.landing.text import Reader
from bankseg_assets.privacy.customer_columns import rows_of
from bankseg_assets.privacy.customer_ids import KnownIds, normalised

SHORTEST = 6
"""Characters of an ID that is searched in all bytes; a shorter one occurs in amounts and times."""
FEW = 20
"""IDs that are searched one by one."""
_TOKEN = re.compile(rb"[0-9A-Za-z]{%d,}" % SHORTEST)
DATABASES = (b"SQLite format 3\0", b"7\x7f\x06\x82", b"7\x7f\x06\x83", b"\xd9\xd5\x05\xf9")
"""The beginnings of a SQLite database, its write-ahead log and its journal."""


@dataclass(frozen=True)
class Hit:
    """A file in which an ID was found, and how often."""

    path: Path
    count: int


class Search:
    """Looks for IDs in files. A hit is a whole ID: `C12345` is not in `C123456`.

    In databases a part of a text counts too, because values are not separated there. The name of a
    file or folder is searched as its content is.
    """

    def __init__(self, ids: Collection[str], contract: DeliveryContract) -> None:
        self._ids = KnownIds(ids)
        self._contract = contract
        long = sorted(one for one in ids if len(one) >= SHORTEST)
        # Tokens of a text are compared with a set: a pattern of a thousand IDs takes minutes for
        # what this takes a second.
        self._tokens = frozenset(one.encode() for one in long if one.isascii() and one.isalnum())
        others = [one for one in long if one.encode() not in self._tokens]
        self._others = _pattern(others) if others else None
        self._long = long
        self.has_short = len(long) < len(ids)
        """Whether an ID is too short to be searched in all bytes."""
        # Looking for a few texts is twenty times as fast as splitting a text into tokens.
        self._few = [one.encode() for one in long] if len(long) <= FEW else None
        self._overlap = 4 * max(map(len, ids), default=0) + 8

    def below(self, *folders: Path) -> Iterator[Hit]:
        """Yield the files below folders with an ID. Links of a file are searched once."""
        found: dict[tuple[int, int], int] = {}
        for folder in folders:
            for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
                try:
                    status = path.lstat()
                except FileNotFoundError:  # removed since the listing
                    continue
                inode = (status.st_dev, status.st_ino)
                in_name = self.is_in(path.name.encode(errors="replace"))
                if not S_ISREG(status.st_mode):
                    if in_name:
                        yield Hit(path, 1)
                    continue
                if status.st_nlink == 1 or inode not in found:
                    found[inode] = self.hits_in(path)
                if count := found[inode] + in_name:
                    yield Hit(path, count)

    def hits_in(self, path: Path) -> int:
        """Return how often an ID is in a file; 0 for a missing one."""
        try:
            with path.open("rb") as file:
                start = file.read(len(DATABASES[0]))
                file.seek(0)
                if start.startswith(DATABASES):
                    content = file.read()
                    return sum(content.count(one.encode()) for one in self._long)
                count = self._in_stream(file)
        except FileNotFoundError:
            return 0
        try:
            if start.startswith(MAGIC_GZIP):
                with gzip.open(path) as text:
                    count += self._in_stream(text)
            elif start.startswith(MAGIC_ZIP):
                with zipfile.ZipFile(path) as package:
                    for name in package.namelist():
                        with package.open(name) as part:
                            count += self._in_stream(part)
            elif start.startswith(MAGIC_PARQUET):
                count += self._in_parquet(path)
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, pa.ArrowException):
            return count  # damaged: only its bytes could be searched
        return count

    def masked(self, content: bytes) -> bytes:
        """Return a text with the IDs replaced by asterisks of the same length."""
        return _pattern(self._long).sub(lambda found: b"*" * len(found[0]), content)

    def is_in(self, content: bytes) -> bool:
        """Return whether an ID is in a text."""
        return self._hits(content, 0, len(content)) > 0

    def rows_with(self, table: pa.Table) -> pa.ChunkedArray:
        """Return whether each row of a table has an ID, in any column but those of amounts."""
        rule = self._contract.columns[ID]
        found = customer_rows(table, self._ids, self._contract).to_numpy().copy()
        for column in table.columns:
            texts = _texts(column)
            if texts is not None:
                found |= rows_of(texts, lambda text: self.is_in(text.encode()), rule).to_numpy()
        return pa.chunked_array([pa.array(found)])

    def lines_without(self, content: bytes) -> tuple[bytes, int]:
        """Return the lines of a text in which no ID is, and how many others there are.

        An ID that is too short to be searched is found in a column that the first line names as
        that of the IDs.
        """
        lines = content.splitlines(keepends=True)
        names_one = self._by_column(lines[0]) if lines and self.has_short else None
        kept = [line for line in lines if not (self.is_in(line) or (names_one and names_one(line)))]
        return b"".join(kept), len(lines) - len(kept)

    def _by_column(self, first: bytes) -> Callable[[bytes], bool] | None:
        """Return whether a line names a customer, by the columns of the first line; None without.

        The column has the name of the table or of the bank's files.
        """
        head = _text(first)
        delimiter = max(",;\t|", key=head.count)
        rule, named = self._contract.columns[ID], {ID, self._contract.header.get(ID, ID).casefold()}
        names = [name.strip(INVISIBLE).casefold() for name in _fields(head, delimiter)]
        places = [place for place, name in enumerate(names) if name in named]
        if not places:
            return None

        def names_one(line: bytes) -> bool:
            fields = _fields(_text(line), delimiter)
            given = (fields[place] for place in places if place < len(fields))
            return any(self._ids(normalised(one, rule)) for one in given)

        return names_one

    def _may_be_in(self, text: bytes) -> bool:
        """Return whether an ID may be in a text: those that it is a part of count as well."""
        return self._few is None or any(one in text for one in self._few)

    def _in_stream(self, file: Reader) -> int:
        count, before, counted = 0, b"", 0
        while chunk := file.read(CHUNK_BYTES):
            # Without the zeros, UTF-16 is searched as ASCII is.
            text = before + chunk.replace(b"\0", b"")
            # What ends in the overlap may continue in the next chunk, and is counted with it.
            limit = max(0, len(text) - self._overlap)
            count += self._hits(text, counted, limit)
            start = max(0, limit - self._overlap)
            before, counted = text[start:], limit - start
        return count + self._hits(before, counted, len(before))

    def _hits(self, text: bytes, after: int, limit: int) -> int:
        """Return the number of hits that end after one position and not after another."""
        count = 0
        if not self._may_be_in(text):
            return 0
        if self._tokens and not self._tokens.isdisjoint(_TOKEN.findall(text)):
            count += sum(
                after < found.end() <= limit
                for found in _TOKEN.finditer(text)
                if found[0] in self._tokens
            )
        if self._others:
            count += sum(after < found.end() <= limit for found in self._others.finditer(text))
        return count

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
        texts = _texts(column)
        if texts is not None and any(map(self._may_be_in, _bytes_of(texts))):
            joined = "\n".join(texts.drop_null().to_pylist()).encode()
            return self._hits(joined, 0, len(joined))
        return 0


def _bytes_of(column: pa.ChunkedArray) -> Iterator[bytes]:
    """Yield the texts of a column without a separator between them."""
    for chunk in column.cast(pa.large_string()).chunks:
        texts = chunk.buffers()[2]
        if texts is not None:
            yield texts.to_pybytes()


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return a column that may hold IDs as texts; None for amounts, dates and switches."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.cast(pa.string())
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.chunked_array([pa.array([_written(one) for one in column.to_pylist()])])
    return None


def _written(value: object) -> str | None:
    """Return a value as text; bytes as the text that they are."""
    if isinstance(value, bytes):
        return _text(value)
    return None if value is None else str(value)


def _text(line: bytes) -> str:
    return line.decode("utf-8-sig", errors="replace")


def _fields(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _pattern(ids: Collection[str]) -> re.Pattern[bytes]:
    """Return a pattern of whole IDs, in UTF-8; it matches nothing for none."""
    if not ids:
        return re.compile(rb"(?!)")
    texts = b"|".join(re.escape(one.encode()) for one in ids)
    return re.compile(rb"(?<![0-9A-Za-z])(?:%b)(?![0-9A-Za-z])" % texts)
