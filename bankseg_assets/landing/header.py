"""Does a file's header hold the columns of the contract, and if not, what is it likely to be?"""

import csv
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from bankseg_assets.delivery import DeliveryContract
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import printable

OTHER_DELIMITERS = (",", ";", "\t", "|")
# Core banking systems export a few hundred at most; each costs time and memory in every block.
MAX_COLUMNS = 1000
MOST_DIGITS = 2  # in a column's name; an identifier or a date has more
_RESERVED = "row_number"


@dataclass(frozen=True)
class Header:
    """The columns of a file that fits the contract."""

    names: tuple[str, ...]
    places: dict[str, int]
    """Our column name -> its place in the file."""
    left_out: frozenset[int] = frozenset()
    """Places of columns that are not read: the contract does not know them, and they hold no text
    or too much."""

    @cached_property
    def extra(self) -> dict[str, int]:
        """Name -> place of the columns that the contract does not know, each name once."""
        found: dict[str, int] = {}
        known = {*self.places.values(), *self.left_out}
        for place in (place for place in range(len(self.names)) if place not in known):
            name = self._shown(place)
            while name in found or name == _RESERVED:
                name += f" (column {place + 1})"
            found[name] = place
        return found

    @property
    def left_out_names(self) -> tuple[str, ...]:
        """The names of the columns that are not read."""
        return tuple(self._shown(place) for place in sorted(self.left_out))

    def _shown(self, place: int) -> str:
        return printable(self.names[place].strip()) or f"column {place + 1}"


def read_header_line(line: str, contract: DeliveryContract, file_name: str) -> Header:
    """Split the first line of a CSV file and check it; raises DeliveryError as `check_header`."""
    names = _split(line, contract.delimiter)
    try:
        if not names:
            raise DeliveryError(
                f"{file_name} has a quote out of place in its header. Correct the header."
            )
        return check_header(names, contract, file_name)
    except DeliveryError:
        for delimiter in OTHER_DELIMITERS:
            if len(_known(_split(line, delimiter), contract)) > len(_known(names, contract)):
                raise DeliveryError(
                    f"{file_name} seems to be separated by {delimiter!r}; the contract says "
                    f"{contract.delimiter!r}. Correct the file, or the contract's delimiter."
                ) from None
        raise


def check_header(names: Sequence[str], contract: DeliveryContract, file_name: str) -> Header:
    """Find the contract's columns by name.

    Raises DeliveryError where there are too many columns, or with the likely match of what is
    missing. A header in which few names are known may be a record, so it is not printed: it would
    hold a customer.
    """
    if len(names) > MAX_COLUMNS:
        raise DeliveryError(
            f"{file_name} has {len(names):,} columns; at most {MAX_COLUMNS:,} were expected. "
            "Send the columns of the contract, or correct the contract's delimiter."
        )
    wanted = list(contract.header.values())
    missing = [name for name in wanted if name not in names]
    if missing:
        raise DeliveryError(_explain(names, missing, wanted, file_name))
    repeated = sorted({name for name in wanted if list(names).count(name) > 1})
    if repeated:
        raise DeliveryError(f"{file_name} has the column {repeated} more than once. Keep one.")
    places = {ours: list(names).index(name) for ours, name in contract.header.items()}
    return Header(tuple(names), places)


def told(names: Sequence[str]) -> str:
    """Return column names for a message; none of them where one may be a value.

    A header that has lost its line break ends in the first record: a customer.
    """
    if any(_is_value(name) or sum(map(str.isdigit, name)) > MOST_DIGITS for name in names):
        return f"{len(names)} names that may be values, and are not repeated here"
    return ", ".join(repr(printable(name)) for name in names[:20])


def _explain(names: Sequence[str], missing: list[str], wanted: list[str], file_name: str) -> str:
    spare = [name for name in names if name not in wanted]
    is_header = 2 * len(missing) <= len(wanted)
    hints = []
    for name in missing:
        # Strict where the line may be a record: a place called like a column is still a place.
        close = difflib.get_close_matches(name, spare, n=1, cutoff=0.5 if is_header else 0.8)
        hints.append(f"{name!r}" + (f" (is it {told(close)}?)" if close else ""))
    found = f"{len(names)} columns, of which the contract knows {len(wanted) - len(missing)}"
    if is_header and spare:
        found += f"; unknown are {told(spare)}"
    advice = "Correct the header, or the contract's column names."
    if len(missing) == len(wanted) and any(_is_value(name) for name in names):
        advice = "The first line seems to be a record: put a header before it."
    return (
        f"{file_name} has no column {', '.join(hints)}. Expected: {', '.join(wanted)}. "
        f"Found: {found}. {advice}"
    )


def _is_value(name: str) -> bool:
    return not name.strip() or name.strip()[0].isdigit()


def _known(names: Sequence[str], contract: DeliveryContract) -> set[str]:
    return set(names) & set(contract.header.values())


def _split(line: str, delimiter: str) -> list[str]:
    """The fields of a line, or none where its quotes break the rules."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []
