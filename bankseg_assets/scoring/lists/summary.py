"""Counts of a scored list: by certainty, by segment, and by what is missing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.presentation.formatting import PLAIN, number
from bankseg_assets.scoring.lists.score_table import (
    CERTAINTY,
    ERROR,
    SEGMENT_NAME,
    SURE_TEXT,
    UNSURE_TEXT,
    Scorer,
)

MOST_SENTENCES = 3


@dataclass(frozen=True)
class ListSummary:
    """Counts of the rows of a scored list."""

    sure: Mapping[str, int] = field(default_factory=Counter)
    """Segment's name -> rows whose answer is sure."""
    unsure: Mapping[str, int] = field(default_factory=Counter)
    """Segment's name -> rows whose answer is not sure."""
    failed: int = 0
    """Rows with an error."""
    missing: Mapping[tuple[str, ...], int] = field(default_factory=Counter)
    """Labels of the inputs that are missing -> rows whose answer is not sure."""

    @property
    def rows(self) -> int:
        """All rows."""
        return self.sure_rows + self.unsure_rows + self.failed

    @property
    def sure_rows(self) -> int:
        """The rows whose answer is sure."""
        return sum(self.sure.values())

    @property
    def unsure_rows(self) -> int:
        """The rows whose answer is not sure."""
        return sum(self.unsure.values())

    def with_table(self, scored: pa.Table, scorer: Scorer) -> "ListSummary":
        """Return the sum with a further scored table."""
        unsure = scored.filter(pc.equal(scored[CERTAINTY], UNSURE_TEXT))
        sure = scored.filter(pc.equal(scored[CERTAINTY], SURE_TEXT))
        return ListSummary(
            Counter(self.sure) + Counter(sure[SEGMENT_NAME].to_pylist()),
            Counter(self.unsure) + Counter(unsure[SEGMENT_NAME].to_pylist()),
            self.failed + scored.num_rows - scored[ERROR].null_count,
            Counter(self.missing) + _missing(unsure, scorer),
        )


@dataclass(frozen=True)
class SegmentCount:
    """The rows of a segment in a list."""

    name: str
    sure: int
    unsure: int

    @property
    def rows(self) -> int:
        """All rows of the segment."""
        return self.sure + self.unsure


def segment_counts(summary: ListSummary) -> list[SegmentCount]:
    """Return the rows of each segment of the list, the largest first."""
    names = dict.fromkeys((*summary.sure, *summary.unsure))
    found = [
        SegmentCount(name, summary.sure.get(name, 0), summary.unsure.get(name, 0)) for name in names
    ]
    return sorted(found, key=lambda one: (-one.rows, one.name))


def missing_sentences(summary: ListSummary, style: str = PLAIN) -> list[str]:
    """Return what missing inputs cost, the most frequent first, as sentences."""
    found = []
    for labels, rows in Counter(summary.missing).most_common(MOST_SENTENCES):
        uncertain = f"{number(rows, style)} of {number(summary.rows, style)} are uncertain"
        if not labels:
            found.append(f"{uncertain} although every input is known: two segments are likely.")
            continue
        quoted = [f"'{label}'" for label in labels]
        named = " and ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))
        found.append(f"{uncertain} because {named} {'is' if len(labels) == 1 else 'are'} missing.")
    return found


def _missing(unsure: pa.Table, scorer: Scorer) -> Counter[tuple[str, ...]]:
    fields = scorer.bundle.inputs  # age, gender and place add little to these
    if not unsure.num_rows:
        return Counter()
    masks = [_is_empty(unsure, scorer.columns.get(one.measure, "")) for one in fields]
    patterns = Counter(zip(*masks, strict=True))
    labels = [one.label for one in fields]
    return Counter({_labels(labels, pattern): rows for pattern, rows in patterns.items()})


def _labels(labels: Sequence[str], pattern: Sequence[bool]) -> tuple[str, ...]:
    return tuple(label for label, is_empty in zip(labels, pattern, strict=True) if is_empty)


def _is_empty(table: pa.Table, name: str) -> list[bool]:
    if not name:
        return [True] * table.num_rows
    column: Any = table[name]
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    empty = pc.is_null(column, nan_is_null=pa.types.is_floating(column.type))
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        empty = pc.or_(empty, pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), ""), True))
    found: list[bool] = empty.to_pylist()
    return found


def summarize(tables: Sequence[pa.Table], scorer: Scorer) -> ListSummary:
    """Return the summary of scored tables."""
    return reduce(lambda found, table: found.with_table(table, scorer), tables, ListSummary())
