"""A column of a sample: its name, its values, and statistics of them."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property


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
