"""A column of a sample: its name, its values, and statistics of them."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

# As in cleaning.field_text, which imports Spark.
INVISIBLE = "".join(
    map(
        chr,
        (
            *(*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x2010)),
            *(0x2028, 0x2029, *range(0x202A, 0x2030), 0x205F, 0x3000, 0xAD, 0x034F, 0x061C),
            *(0x180E, *range(0x2060, 0x2065), *range(0x2066, 0x2070), 0xFEFF),
        ),
    )
)


@dataclass(frozen=True)
class Column:
    """The values of one column, in the order of the sample, trimmed."""

    name: str
    values: tuple[str, ...]
    kind: str = ""
    """Parquet's type; empty in a text file."""

    @cached_property
    def counts(self) -> Counter[str]:
        """Value -> number of rows, without empty values."""
        return Counter(value for value in self.values if value)

    @property
    def rows(self) -> int:
        """The number of rows in the sample."""
        return len(self.values)

    @cached_property
    def filled(self) -> int:
        """The number of non-empty values."""
        return self.counts.total()

    @property
    def empty(self) -> int:
        """The number of empty values."""
        return self.rows - self.filled

    @property
    def distinct(self) -> int:
        """The number of distinct values."""
        return len(self.counts)

    @property
    def repeats(self) -> int:
        """The number of rows whose value occurs in an earlier row."""
        return self.filled - self.distinct

    def without(self, placeholders: tuple[str, ...]) -> "Column":
        """Return the column with placeholders replaced by empty values."""
        gone = set(placeholders)
        if not gone:
            return self
        return Column(
            self.name, tuple("" if value in gone else value for value in self.values), self.kind
        )
