"""Sample a delivered text file: its beginning, parts of its middle, and its end.

The file is read once, up to a limit, so that a single line in another encoding is found; a few
megabytes are kept.
"""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bankseg_assets.landing.files import (
    CHUNK_BYTES,
    MAGIC_ENCRYPTED,
    MAGIC_GZIP,
    MAGIC_PARQUET,
    MAGIC_ZIP,
    printable,
)

WHOLE_CHUNKS = 4
"""A file of so many chunks is its own sample."""
MIDDLE_CHUNKS = (8, 32, 128)
MOST_CHUNKS = 512


class SampleError(ValueError):
    """A file that cannot be sampled; the message names it and what to do."""


@dataclass(frozen=True)
class TextSample:
    """Pieces of a text file as bytes; the first starts at its beginning."""

    pieces: tuple[bytes, ...]
    is_whole: bool
    """The pieces are one, and all of the file."""
    has_end: bool
    """The last piece ends where the file ends."""
    is_utf8: bool
    """Of all that was read, not of the pieces alone."""
    is_ascii: bool


def kind_of(path: Path) -> str:
    """Return `text`, `parquet` or `xlsx`, by the first bytes. Raises SampleError."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise SampleError(f"{printable(str(path))} cannot be read: {error.strerror}.") from error
    if not start:
        raise SampleError(f"{printable(path.name)} is empty (0 bytes). Send the file again.")
    if start in (MAGIC_PARQUET, MAGIC_ENCRYPTED):
        return "parquet"
    return "xlsx" if start == MAGIC_ZIP else "text"


def read_text_sample(path: Path) -> TextSample:
    """Read a sample of a text file, compressed or not. Raises SampleError."""
    decoder, is_utf8, is_ascii = codecs.getincrementaldecoder("utf-8")("strict"), True, True
    kept: dict[int, bytes] = {}
    count, has_end = 0, True
    try:
        for count, chunk in enumerate(_chunks(path), 1):
            is_ascii = is_ascii and chunk.isascii()
            if is_utf8 and not is_ascii:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = False
            kept[count] = chunk
            old = count - 2  # the last two may be the end of the file
            if old > WHOLE_CHUNKS and old not in MIDDLE_CHUNKS:
                del kept[old]
            if count == MOST_CHUNKS:
                has_end = False
                break
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SampleError(
            f"{printable(path.name)} is damaged: its compressed data cannot be read to its end. "
            "Send the file again."
        ) from error
    except OSError as error:
        raise SampleError(f"{printable(str(path))} cannot be read: {error.strerror}.") from error
    if count > WHOLE_CHUNKS:
        for number in range(3, WHOLE_CHUNKS + 1):
            kept.pop(number, None)
    pieces = tuple(_joined(kept))
    is_whole = has_end and len(pieces) == 1
    return TextSample(pieces, is_whole, has_end, is_utf8, is_ascii)


def _joined(chunks: dict[int, bytes]) -> Iterator[bytes]:
    """Join consecutive chunks."""
    run: list[bytes] = []
    previous = 0
    for number in sorted(chunks):
        if run and number != previous + 1:
            yield b"".join(run)
            run = []
        run.append(chunks[number])
        previous = number
    if run:
        yield b"".join(run)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as start:
        is_packed = start.read(2) == MAGIC_GZIP
    with gzip.open(path) if is_packed else path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
