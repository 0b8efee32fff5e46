"""Apply the contract's row filters, and count the rows that they leave out."""

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.contracts.characters import INVISIBLE
from bankseg_assets.contracts.delivery import DeliveryContract, RowFilter
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import printable
from bankseg_assets.landing.header import MOST_DIGITS, Header

LEFT_OUT = "left out by the filter on "
"""The prefix of these lines' kind."""
# In a message. In a column with more values than a status has, one may be a person's.
_MOST_SHOWN, _MOST_VALUES, _LONGEST_SHOWN = 5, 20, 20


class RowFilters:
    """Selects the rows to read, and counts the others by the filter that leaves them out."""

    def __init__(self, contract: DeliveryContract, header: Header, counts: Counter[str]) -> None:
        self._filters = list(zip(contract.row_filters, header.filters, strict=True))
        self._counts = counts
        self._values: list[dict[str, str]] = [{} for _ in self._filters]
        self.left_out = 0

    @property
    def places(self) -> list[int]:
        """The positions of the columns that the filters read."""
        return sorted({place for _, place in self._filters})

    def filtered(self, table: pa.Table) -> pa.Table:
        """Return a table without the filtered rows; malformed records stay."""
        if not self._filters or str(self._filters[0][1]) not in table.column_names:
            return table  # only malformed records
        malformed = table["malformed_text"] if "malformed_text" in table.column_names else None
        columns = {place: table[str(place)] for place in self.places}
        kept = self.kept(columns, None if malformed is None else malformed.is_valid())
        return table.filter(kept)

    def kept(
        self, columns: dict[int, pa.ChunkedArray], always: pa.ChunkedArray | None = None
    ) -> pa.Array:
        """Return whether each row is read, by the texts in the filters' columns."""
        rows = len(next(iter(columns.values())))
        keep = pa.repeat(pa.scalar(value=True), rows)
        if always is not None:
            always = _whole(always)
        for (one, place), values in zip(self._filters, self._values, strict=True):
            passes = self._passes(one, _whole(columns[place]), values)
            if always is not None:
                passes = pc.or_(passes, always)
            left_out = pc.sum(pc.and_not(keep, passes)).as_py() or 0
            self._counts[f"{LEFT_OUT}{printable(one.column)!r}"] += left_out
            self.left_out += left_out
            keep = pc.and_(keep, passes)
        return keep

    def refuse(self, file_name: str) -> None:
        """Raise DeliveryError for a file of which no row is read."""
        found = [
            f"the column {printable(one.column)!r}, in which {_wanted(one)}, has {_shown(values)}"
            for (one, _), values in zip(self._filters, self._values, strict=True)
        ]
        raise DeliveryError(
            f"{file_name} has no row that the contract's filters keep: {'; '.join(found)}. Correct "
            "`keep` or `drop` under [[row_filters]] in the contract, or send another file."
        )

    def _passes(self, one: RowFilter, column: pa.Array, values: dict[str, str]) -> pa.Array:
        """Return whether this filter alone keeps each row. Each distinct value is compared once."""
        encoded = pc.dictionary_encode(column)
        texts = [text.strip(INVISIBLE) for text in encoded.dictionary.to_pylist()]
        for text in texts:
            if len(values) <= _MOST_VALUES:
                values.setdefault(text.casefold(), text)
        listed = {text.strip(INVISIBLE).casefold() for text in one.keep or one.drop}
        is_read = [(text.casefold() in listed) == bool(one.keep) for text in texts]
        found = pc.take(pa.array(is_read, pa.bool_()), encoded.indices)
        return pc.fill_null(found, ("" in listed) == bool(one.keep))


def _whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _wanted(one: RowFilter) -> str:
    texts = ", ".join(map(repr, one.keep or one.drop))
    return f"{texts} {'is' if len(one.keep or one.drop) == 1 else 'are'} " + (
        "kept" if one.keep else "dropped"
    )


def _shown(values: dict[str, str]) -> str:
    """Return the values found, without those that may be a person's."""
    if len(values) > _MOST_VALUES:
        return f"over {_MOST_VALUES} values, which are not repeated here"
    short = [
        repr(printable(text))
        for text in sorted(values.values())
        if len(text) <= _LONGEST_SHOWN and sum(map(str.isdigit, text)) <= MOST_DIGITS
    ][:_MOST_SHOWN]
    more = len(values) - len(short)
    others = [f"{more} more, not repeated here"] if more else []
    return ", ".join([*short, *others]) or "no value"
