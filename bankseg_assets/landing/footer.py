"""Remove the footer lines that the contract declares from the end of a file."""

from collections.abc import Iterator
from itertools import chain

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.header import Header, split_line

_EITHER = ("debit", "credit")
"""Columns of which a record fills at least one."""
MAX_FOOTER_BYTES = 16 << 20  # with the empty lines after it: Excel's million rows take 9


class Footer:
    """The last lines of a text, available once it has been read."""

    def __init__(self, contract: DeliveryContract, file_name: str) -> None:
        self._contract = contract
        self._count = contract.layout.footer_lines
        self._file_name = file_name
        self._empty = b'\r\n \t"\x1a' + contract.delimiter.encode()
        self._text = b""

    def without(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the blocks without the footer. Raises DeliveryError if it is too long."""
        if not self._count:
            yield from blocks
            return
        for block in blocks:
            text = self._text + block
            start = self._start(text)
            self._text = text[start:]
            if start:
                yield text[:start]
            if len(self._text) > MAX_FOOTER_BYTES:
                raise DeliveryError(
                    f"{self._file_name} has over {MAX_FOOTER_BYTES:,} bytes in a footer of "
                    f"{self._count} lines and the empty lines after it. Correct it, or the "
                    "contract's `footer_lines`."
                )

    def lines(self) -> list[bytes]:
        """Return the footer lines, without empty ones."""
        return [line for line in self._text.splitlines() if line.strip(self._empty)]

    def check(self, header: Header) -> None:
        """Raise DeliveryError if a footer line may be a record."""
        needed = self._needed(header)
        for line in self.lines():
            fields = split_line(line.decode(errors="replace"), self._contract.delimiter)
            while len(fields) > len(header.names) and not fields[-1].strip():
                fields.pop()
            if len(fields) != len(header.names) or not all(
                any(fields[place].strip() for place in places) for places in needed
            ):
                continue
            raise DeliveryError(
                f"{self._file_name} may be cut off, or has no footer: of its last lines, which the "
                f"contract skips (`footer_lines = {self._count}`), one has a value in every "
                "column that a record needs. Send the file again, or replace `footer_lines` by "
                'the text that begins the footer, such as `footer_starts_with = ["Total"]`, under '
                f"{self._contract.layout_table}."
            )

    def _needed(self, header: Header) -> list[tuple[int, ...]]:
        """Return groups of positions; a record has a value in at least one of each group."""
        columns = {ours: (place,) for ours, place in header.places.items()} | header.joined
        either = [columns.pop(ours) for ours in _EITHER if ours in columns]
        found = [
            places for ours, places in columns.items() if not self._contract.columns[ours].nullable
        ]
        return [*found, tuple(chain(*either))] if either else found

    def _start(self, text: bytes) -> int:
        """Return the offset of the last lines that are not empty."""
        start = len(text)
        for _ in range(self._count):
            start = len(text[:start].rstrip(self._empty))
            start = max(text.rfind(b"\n", 0, start), text.rfind(b"\r", 0, start)) + 1
        return start
