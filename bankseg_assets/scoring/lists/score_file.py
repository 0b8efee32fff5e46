"""Score a list of customers from one file to another."""

from collections.abc import Callable
from pathlib import Path

from bankseg_assets.scoring.lists.reading import CustomerList, Dialect
from bankseg_assets.scoring.lists.score_table import Scorer
from bankseg_assets.scoring.lists.summary import ListSummary
from bankseg_assets.scoring.lists.writing import writer_to

Progress = Callable[[int], None]


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
    with writer_to(target, dialect, scorer) as write:
        for chunk in customers.chunks:
            scored = scorer.score(chunk.table, chunk.numbers, chunk.broken)
            write(scored)
            summary = summary.with_table(scored, scorer)
            progress(summary.rows)
    return summary
