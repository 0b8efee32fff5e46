"""Score a list of customers from one file to another."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.scoring.lists.reading import CustomerList, Dialect
from bankseg_assets.scoring.lists.score_table import CERTAINTY, ERROR, SURE_TEXT, Scorer
from bankseg_assets.scoring.lists.writing import writer_to

Progress = Callable[[int], None]


@dataclass(frozen=True)
class ListSummary:
    """Counts of the written rows: sure, not sure, and invalid."""

    sure: int = 0
    unsure: int = 0
    failed: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.sure + self.unsure + self.failed

    def with_table(self, scored: pa.Table) -> "ListSummary":
        """Return the sum with a further scored table."""
        failed = scored.num_rows - scored[ERROR].null_count
        sure = pc.sum(pc.equal(scored[CERTAINTY], SURE_TEXT), min_count=0).as_py()
        unsure = scored.num_rows - failed - sure
        return ListSummary(self.sure + sure, self.unsure + unsure, self.failed + failed)


def score_list(
    customers: CustomerList,
    target: Path,
    scorer: Scorer,
    dialect: Dialect,
    progress: Progress = lambda rows: None,
) -> ListSummary:
    """Score every row of an open list and write `target` atomically.

    A few times 20,000 rows are in memory, whatever the list's length. `progress` is called with the
    number of rows done so far. Raises ListError as `open_list`, `writer_to` and `Scorer.score`.
    """
    summary = ListSummary()
    with writer_to(target, dialect) as write:
        for chunk in customers.chunks:
            scored = scorer.score(chunk.table, chunk.numbers, chunk.broken)
            write(scored)
            summary = summary.with_table(scored)
            progress(summary.rows)
    return summary
