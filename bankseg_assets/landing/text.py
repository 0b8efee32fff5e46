"""Read a delivered file as checked UTF-8 text in whole lines, in constant memory."""

import codecs
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Protocol

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import CHUNK_BYTES, MAGIC_GZIP

MAX_LINE_BYTES = 1 << 20
# Transactions compress 3 to 20 times; deflate's maximum is 1,032, which bombs use.
MAX_EXPANSION = 200
SMALL_TEXT_BYTES = 64 << 20
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Reader(Protocol):
    """A source of bytes."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; empty at the end."""
        ...


def read_chunks(reader: Reader) -> Iterator[bytes]:
    """Yield a file's bytes unchanged, in chunks."""
    while chunk := reader.read(CHUNK_BYTES):
        yield chunk


def line_blocks(
    chunks: Iterator[bytes], contract: DeliveryContract, file_name: str
) -> Iterator[bytes]:
    """Yield the text in blocks of whole lines: decompressed, decoded, and without its BOM.

    Raises DeliveryError at the first byte that is not text in the contract's encoding, a NUL, a
    line of over 1 MiB, or compressed data that is damaged or expands excessively.
    """
    first = next(chunks, b"")
    raw: Iterable[bytes] = chain([first], chunks)
    if first.startswith(MAGIC_GZIP):
        raw = _decompressed(raw, file_name)
    return _whole_lines(_as_utf8(raw, contract.encoding, file_name), file_name)


def _decompressed(chunks: Iterable[bytes], file_name: str) -> Iterator[bytes]:
    """Decompress gzip of one or more members, at most one chunk at a time."""
    taken = given = 0
    member = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            taken += len(chunk)
            rest = chunk
            while rest:
                if member.eof:
                    member = zlib.decompressobj(wbits=31)
                text = member.decompress(rest, CHUNK_BYTES)
                given += len(text)
                if given > max(SMALL_TEXT_BYTES, MAX_EXPANSION * taken):
                    raise DeliveryError(
                        f"{file_name} expands over {MAX_EXPANSION} times when decompressed, which "
                        "a bank's records never do. Send it uncompressed if it is sound."
                    )
                if text:
                    yield text
                rest = member.unused_data if member.eof else member.unconsumed_tail
        while text := b"" if member.eof else member.decompress(b"", CHUNK_BYTES):
            yield text  # output that the chunk limit held back
    except zlib.error as error:
        raise DeliveryError(
            f"{file_name} is damaged: its compressed data cannot be read. Send the file again."
        ) from error
    if not member.eof:
        raise DeliveryError(
            f"{file_name} is cut off: its compressed data ends early. Send the file again."
        )


def _as_utf8(chunks: Iterable[bytes], encoding: str, file_name: str) -> Iterator[bytes]:
    is_utf8 = encoding == "utf-8"
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    lines, is_first = 1, True
    for chunk, is_last in _with_last(chunks):
        if is_first and is_utf8 and chunk[:2] in _UTF16_MARKS:
            raise DeliveryError(
                f"{file_name} is UTF-16 text; {encoding} was expected. Save it again as UTF-8, or "
                'set `encoding = "utf-16"` under [file] in the contract.'
            )
        try:
            text = decoder.decode(chunk, is_last)
        except UnicodeDecodeError as error:
            line = lines + error.object[: error.start].count(b"\n")
            raise DeliveryError(
                f"{file_name} is not {encoding} text: line {line} has an invalid byte "
                f"(0x{error.object[error.start]:02X}). Save it again as UTF-8, or "
                "set `encoding` under [file] in the contract to what the bank writes, such as "
                '"cp1252".'
            ) from error
        found = chunk if is_utf8 else text.encode()
        if is_first:
            found = found.removeprefix(codecs.BOM_UTF8)
            is_first = False
        if b"\0" in found:
            line = lines + found[: found.index(b"\0")].count(b"\n")
            raise DeliveryError(
                f"{file_name} has a NUL byte in line {line}; text was expected. Send the file "
                'again. If it is UTF-16 without a byte-order mark, set `encoding = "utf-16-le"` '
                "under [file] in the contract."
            )
        lines += found.count(b"\n")
        yield found


def _with_last(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Pair each chunk with whether it is the last; only that must not end within a character."""
    before: bytes | None = None
    for chunk in chunks:
        if before is not None:
            yield before, False
        before = chunk
    if before is not None:
        yield before, True


def _whole_lines(chunks: Iterator[bytes], file_name: str) -> Iterator[bytes]:
    lines, rest = 1, b""
    for chunk in chunks:
        text = rest + chunk
        # A trailing CR may be half of a CRLF.
        cut = max(text.rfind(b"\n"), text.rfind(b"\r", 0, len(text) - 1)) + 1
        block, rest = text[:cut], text[cut:]
        if block:
            yield block
            lines += block.count(b"\n")
        if len(rest) > MAX_LINE_BYTES + 1:
            refuse_long_line(lines, file_name)
    if rest:
        yield rest


def refuse_long_line(line: int, file_name: str) -> None:
    """Raise DeliveryError for a line or record that is too long for a transaction."""
    raise DeliveryError(
        f"{file_name} has a record of over {MAX_LINE_BYTES:,} bytes from line {line} on, or is not "
        "text in lines. Correct it and send the file again."
    )
