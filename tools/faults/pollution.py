"""Apply every kind of damage of the Pollock benchmark to bank rows, from a seed.

Pollock (Vitagliano et al., VLDB 2023) surveyed 3,712 real files for deviations from standard CSV;
its generator pollutes one file in each way. This module does the same to our transactions, so that
the deviations also occur in this contract's columns and not only in Pollock's nine.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from bankseg_assets.contracts.delivery import DeliveryContract

CONTRACT = DeliveryContract()
HEADER = list(CONTRACT.header.values())
ROWS = 40
_PLACES = ("PUNE", "NAVI, MUMBAI", 'THE "OLD" TOWN', "NEW DELHI", "", "BOGOTÁ")

Row = tuple[str, ...]


@dataclass(frozen=True)
class Polluted:
    """A damaged file and the rows before the damage."""

    name: str
    content: bytes
    oracle: frozenset[Row]


def polluted_files(seed: int) -> Iterator[Polluted]:
    """Yield each kind of damage at random positions."""
    random = Random(seed)
    rows = _bank_rows(random)
    oracle = frozenset(rows)
    for name, content in [*_file_level(rows), *_row_level(rows, random)]:
        yield Polluted(f"{seed}-{name}", content, oracle)


def _bank_rows(random: Random) -> list[Row]:
    return [
        (
            f"T{number}",
            f"C{random.randrange(10**7):07}",
            f"{random.randint(1, 28)}/{random.randint(1, 12)}/{random.randint(50, 99)}",
            random.choice("MF"),
            random.choice(_PLACES),
            f"{random.uniform(0, 99_999):.2f}",
            f"{random.randint(1, 28)}/{random.randint(8, 9)}/16",
            f"{random.randint(0, 23)}{random.randint(10, 59)}{random.randint(10, 59)}",
            str(random.randint(1, 5_000)),
        )
        for number in range(1, ROWS + 1)
    ]


def _text(rows: list[Row], **dialect: str) -> str:
    text = io.StringIO(newline="")
    options = {"lineterminator": "\n"} | dialect
    csv.writer(text, **options).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()


def _file_level(rows: list[Row]) -> Iterator[tuple[str, bytes]]:
    head = tuple(HEADER)
    table, sound = [head, *rows], _text([head, *rows])
    for delimiter in ";\t|":
        yield f"delimiter 0x{ord(delimiter):X}", _text(table, delimiter=delimiter).encode()
    yield "delimiter comma and space", "\n".join(", ".join(row) for row in table).encode()
    yield "quote 0x27", _text(table, quotechar="'").encode()
    yield "escape 0x5C", sound.replace('""', r"\"").encode()
    yield "escape 0x00", sound.replace('""', '\0"').encode()
    for name, end in (("CR", "\r"), ("LF", "\n"), ("CRLF", "\r\n")):
        yield f"record delimiter {name}", _text(table, lineterminator=end).encode()
    yield "no header", _text(rows).encode()
    yield "header only", _text([head]).encode()
    yield "header of three rows", _text([head, head, head, *rows]).encode()
    yield "header over two rows", _text([head[:4], head[4:], *rows]).encode()
    yield "preamble", f"Transactions,of,August\n\n{sound}".encode()
    for name, width in (("less", 8), ("same", 9), ("more", 10)):
        second = [(*row, "x")[:width] for row in table]
        yield f"another table, {name} columns", (sound + "\n" + _text(second)).encode()
    strange = [("Branch", *"abcdefgh"), *[("PUNE", "1", "2", "3", "4", "5", "6", "7", "8")] * 3]
    yield "another kind of table", (sound + _text(strange)).encode()
    yield "double trailing newline", f"{sound}\n".encode()
    yield "no trailing newline", sound.rstrip("\n").encode()
    yield "BOM", f"\ufeff{sound}".encode()
    yield "UTF-16", sound.encode("utf-16")
    yield "Latin-1", sound.replace("PUNE", "PUNÉ").encode("latin-1")
    yield "NUL", sound.replace("T7,", "T7\0,").encode()
    yield "no record", b""


def _row_level(rows: list[Row], random: Random) -> Iterator[tuple[str, bytes]]:
    damages: dict[str, Callable[[list[str]], str]] = {
        "a separator less": lambda fields: _joined(fields, random, ""),
        "a separator more": lambda fields: _joined(fields, random, ",,"),
        "another separator": lambda fields: _joined(fields, random, ";"),
        "semicolons": ";".join,
        "spaces": " ".join,
        "a quote more": lambda fields: _with_one_more('"', ",".join(fields), random),
        "a NUL more": lambda fields: _with_one_more("\0", ",".join(fields), random),
        "a line break more": lambda fields: _broken(fields, random),
    }
    for kind, damage in damages.items():
        for _ in range(6):
            table = [_text([row]).rstrip("\n") for row in [tuple(HEADER), *rows]]
            place = random.randrange(len(table))
            table[place] = damage(_fields_as_written(table[place]))
            yield f"row {place}, {kind}", ("\n".join(table) + "\n").encode()


def _fields_as_written(line: str) -> list[str]:
    return [_text([(field,)]).rstrip("\n") for field in next(csv.reader([line]))]


def _joined(fields: list[str], random: Random, separator: str) -> str:
    place = random.randrange(1, len(fields))
    return separator.join((",".join(fields[:place]), ",".join(fields[place:])))


def _broken(fields: list[str], random: Random) -> str:
    """Break a line at a separator inside it.

    A break in the first or last field cannot be detected by any parser: the rest of the record has
    all its fields.
    """
    return _joined(fields, random, "\n")


def _with_one_more(letter: str, line: str, random: Random) -> str:
    place = random.randrange(len(line) + 1)
    return line[:place] + letter + line[place:]
