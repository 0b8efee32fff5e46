"""Match a file's header with the contract's columns, and suggest likely corrections."""

import csv
import difflib
import json
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from bankseg_assets.contracts.delivery import OPTIONAL, DeliveryContract
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import printable

OTHER_DELIMITERS = (",", ";", "\t", "|")
# Core banking systems export a few hundred at most; each costs time and memory per block.
MAX_COLUMNS = 1000
MOST_DIGITS = 2  # in a column's name; an identifier or a date has more
_RESERVED = "row_number"


@dataclass(frozen=True)
class Header:
    """The columns of a file that fits the contract."""

    names: tuple[str, ...]
    places: dict[str, int]
    """Our column name -> its position, for columns that are one column in the file."""
    joined: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Our column name -> positions, for columns composed of several."""
    filters: tuple[int, ...] = ()
    """The position of the column that each row filter of the contract reads."""
    left_out: frozenset[int] = frozenset()
    """Positions of columns that are not read: not in the contract, without text or too large."""

    @cached_property
    def known(self) -> frozenset[int]:
        """The positions of the contract's columns; several of ours may use the same one."""
        joined = (place for places in self.joined.values() for place in places)
        return frozenset((*self.places.values(), *joined, *self.filters))

    @cached_property
    def extra(self) -> dict[str, int]:
        """Name -> position of the columns that the contract does not name, each name once."""
        found: dict[str, int] = {}
        known = self.known | self.left_out
        for place in (place for place in range(len(self.names)) if place not in known):
            name = self._shown(place)
            while name in found or name == _RESERVED:
                name += f" (column {place + 1})"
            found[name] = place
        return found

    def without_trailing(self) -> "Header":
        """Return the header without unnamed columns at its end."""
        columns = len(self.names)
        while columns and not self.names[columns - 1].strip():
            columns -= 1
        return replace(self, names=self.names[:columns])

    @property
    def left_out_names(self) -> tuple[str, ...]:
        """The names of the columns that are not read."""
        return tuple(self._shown(place) for place in sorted(self.left_out))

    def _shown(self, place: int) -> str:
        return printable(self.names[place].strip()) or f"column {place + 1}"


def read_header_line(
    line: str, contract: DeliveryContract, file_name: str, number: int = 1
) -> Header:
    """Split a CSV file's header and check it; raises DeliveryError as `check_header` does.

    `number`: the line in which it begins.
    """
    names = split_line(line, contract.delimiter)
    try:
        if not names:
            raise DeliveryError(
                f"{file_name} has a misplaced quote in its header (line {number}). Correct the "
                f"header; or, if it is in another line, set `header_line` under "
                f"{contract.layout_table} in the contract."
            )
        return check_header(names, contract, file_name, number)
    except DeliveryError:
        for delimiter in OTHER_DELIMITERS:
            if known(split_line(line, delimiter), contract) > known(names, contract):
                raise DeliveryError(
                    f"{file_name} seems to be separated by {delimiter!r}; the contract says "
                    f"{contract.delimiter!r}. Correct the file, or set "
                    f"`{delimiter_setting(delimiter)}` under [file] in the contract."
                ) from None
        raise


def delimiter_setting(delimiter: str) -> str:
    """Return the contract's setting for a delimiter."""
    return 'delimiter = "' + delimiter.replace("\t", "\\t") + '"'


def check_header(
    names: Sequence[str], contract: DeliveryContract, file_name: str, number: int = 0
) -> Header:
    """Find the contract's columns by exact name, else ignoring case and invisible characters.

    `number`: the header's line, if the file has lines. Raises DeliveryError if there are too many
    columns or if some are missing; the message names likely matches. A header with few known names
    may be a record, so it is not printed: it would expose a customer.
    """
    if len(names) > MAX_COLUMNS:
        raise DeliveryError(
            f"{file_name} has {len(names):,} columns; at most {MAX_COLUMNS:,} were expected. "
            "Send the columns of the contract, or correct `delimiter` under [file] in the contract."
        )
    wanted = _wanted(contract)
    repeated = sorted({name for name in wanted if list(names).count(name) > 1})
    places = _places(names, wanted)
    if similar := [name for name in wanted if len(places[name]) > 1 and name not in repeated]:
        columns = " and ".join(str(place + 1) for place in places[similar[0]])
        ours = next(o for o, rule in contract.columns.items() if similar[0] in rule.file_names)
        raise DeliveryError(
            f"{file_name} has more than one column that could be {similar[0]!r}: columns {columns} "
            "differ from it in case or blanks alone. Keep one, or set the exact name under "
            f"{contract.column_table(ours)} in the contract."
        )
    if missing := [name for name in wanted if not places[name]]:
        raise DeliveryError(_explain(names, missing, contract, file_name, number))
    if repeated:
        columns = " and ".join(str(n) for n, name in enumerate(names, 1) if name == repeated[0])
        raise DeliveryError(
            f"{file_name} has the column {repeated} more than once (columns {columns}): no setting "
            "says which one counts. Keep one."
        )
    found = {
        ours: tuple(places[name][0] for name in rule.file_names)
        for ours, rule in contract.columns.items()
    }
    return Header(
        tuple(names),
        {ours: place for ours, (place, *_) in found.items() if not contract.columns[ours].names},
        {ours: several for ours, several in found.items() if contract.columns[ours].names},
        tuple(places[name][0] for name in _filter_columns(contract)),
    )


def known(names: Sequence[str], contract: DeliveryContract) -> int:
    """Return the number of the contract's columns that a line names."""
    return sum(bool(found) for found in _places(names, _wanted(contract)).values())


def _wanted(contract: DeliveryContract) -> list[str]:
    """Return the names that a header must contain, each once."""
    named = [name for rule in contract.columns.values() for name in rule.file_names]
    return list(dict.fromkeys((*named, *_filter_columns(contract))))


def _filter_columns(contract: DeliveryContract) -> list[str]:
    """Return the file's column of each row filter, resolved through the contract's columns."""
    named = {folded(name): name for rule in contract.columns.values() for name in rule.file_names}
    exact = set(named.values())
    return [
        one.column if one.column in exact else named.get(folded(one.column), one.column)
        for one in contract.row_filters
    ]


def split_line(line: str, delimiter: str) -> list[str]:
    """Return the fields of a line; none if its quotes break the rules."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _places(names: Sequence[str], wanted: Sequence[str]) -> dict[str, list[int]]:
    """Return the candidate positions of each wanted name: none, one, or too many."""
    places: dict[str, list[int]] = {name: [] for name in wanted}
    loose: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if name in places:
            places[name].append(place)
        else:
            loose.setdefault(folded(name), []).append(place)
    missing = [name for name in wanted if not places[name]]
    claims = Counter(map(folded, missing))
    for name in missing:
        if claims[folded(name)] == 1:  # with two claims, neither is known to be the column
            places[name] = loose.get(folded(name), [])
    return places


def folded(name: str) -> str:
    """Return a name without case, invisible characters, or differences between blanks."""
    text = unicodedata.normalize("NFKC", name)
    shown = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return " ".join(shown.split()).casefold()


def quoted_names(names: Sequence[str]) -> str:
    """Return quoted column names for a message; none of them if one may be a value.

    A header that has lost its line break ends in the first record, which is a customer's.
    """
    if is_withheld(names):
        return f"{len(names)} names that may be values, and are not repeated here"
    return ", ".join(repr(printable(name)) for name in names[:20])


def is_withheld(names: Sequence[str]) -> bool:
    """Return whether one of the names may be a value, so that none may be printed."""
    return any(_is_value(name) or sum(map(str.isdigit, name)) > MOST_DIGITS for name in names)


def _explain(
    names: Sequence[str],
    missing: list[str],
    contract: DeliveryContract,
    file_name: str,
    number: int,
) -> str:
    wanted = _wanted(contract)
    claimed = {folded(name) for name in wanted if name not in missing}
    spare = [name for name in names if name not in wanted and folded(name) not in claimed]
    is_header = 2 * len(missing) <= len(wanted)
    hints, settings = [], []
    for name in missing:
        # Strict where the line may be a record: a place called like a column is still a place.
        close = difflib.get_close_matches(name, spare, n=1, cutoff=0.5 if is_header else 0.8)
        hints.append(f"{name!r}" + (f" (is it {quoted_names(close)}?)" if close else ""))
        settings.append(_setting(name, close, contract))
    found = f"{len(names)} columns, of which the contract knows {len(wanted) - len(missing)}"
    if is_header and spare:
        found += f"; unknown are {quoted_names(spare)}"
    advice = "Correct the header, or the contract's column names"
    advice += f": {', '.join(filter(None, settings))}." if is_header and any(settings) else "."
    if len(missing) == len(wanted) and any(_is_value(name) for name in names):
        where = "The first line" if number <= 1 else f"Line {number}"
        advice = f"{where} seems to be a record: put a header before it."
    if number and not is_header:
        place = contract.layout_table
        advice += f" If the header is in another line, set `header_line` under {place}."
    return (
        f"{file_name} has no column {', '.join(hints)}. Expected: {', '.join(wanted)}. "
        f"Found: {found}. {advice}"
    )


def _setting(name: str, close: Sequence[str], contract: DeliveryContract) -> str:
    """Return the setting to change for a missing column; empty if there is no suggestion."""
    likely = _quoted(close[0]) if close and not is_withheld(close) else ""
    for ours, rule in contract.columns.items():
        place = contract.column_table(ours)
        if name not in rule.file_names:
            continue
        if likely:
            key = f"{likely} in `names`" if rule.names else f"`name = {likely}`"
            return f"{key} under {place}"
        return f"no {place} if the bank has none" if ours in OPTIONAL else ""
    if likely:
        return f"`column = {likely}` under [[row_filters]]"
    return f"no [[row_filters]] of `column = {_quoted(name)}` if the bank has none"


def _quoted(name: str) -> str:
    return json.dumps(printable(name), ensure_ascii=False)


def _is_value(name: str) -> bool:
    return not name.strip() or name.strip()[0].isdigit()
