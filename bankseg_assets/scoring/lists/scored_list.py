"""A list scored in memory: its rows, its errors, and corrections by hand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.scoring.lists.plan import ListPlan
from bankseg_assets.scoring.lists.reading import open_list
from bankseg_assets.scoring.lists.score_table import ERROR, Scorer
from bankseg_assets.scoring.lists.summary import ListSummary, summarize

Correction = Mapping[str, str]
"""Column -> the text that a user typed."""


@dataclass(frozen=True)
class ScoredList:
    """A list with its results. Rows are counted from 0, in the order of the file.

    `numbers`: the row numbers in the file. `broken`: row -> why it is broken; the values of such a
    row may be in the wrong columns.
    """

    table: pa.Table
    numbers: Sequence[int]
    broken: Mapping[int, str]
    scorer: Scorer

    @property
    def summary(self) -> ListSummary:
        """The counts of the rows."""
        return summarize([self.table], self.scorer)

    @property
    def failed(self) -> list[int]:
        """The rows with an error."""
        found: list[int] = pc.indices_nonzero(pc.is_valid(self.table[ERROR])).to_pylist()
        return found

    def errors(self) -> pa.Table:
        """Return the rows with an error."""
        return self.table.filter(pc.is_valid(self.table[ERROR]))

    def cells(self, rows: Sequence[int], names: Sequence[str]) -> list[dict[str, str]]:
        """Return the cells of some rows as texts, to be corrected.

        Inputs of a broken row are empty: a value in the wrong column must not be confirmed.
        """
        inputs = dict.fromkeys(self.scorer.columns.values(), "")
        found = self.table.select(list(names)).take(pa.array(rows, pa.int64())).to_pylist()
        return [
            _texts(cells) | (inputs if row in self.broken else {})
            for row, cells in zip(rows, found, strict=True)
        ]

    def corrected(self, corrections: Mapping[int, Correction]) -> "ScoredList":
        """Return the list with some rows scored again; other rows stay as they are.

        A broken row is scored from the corrected cells alone.
        """
        typed = {row: cells for row, cells in corrections.items() if cells}
        rows = sorted(typed)
        if not rows:
            return self
        delivered = [name for name in self.table.column_names if name in self._delivered]
        taken = self.table.select(delivered).take(pa.array(rows, pa.int64()))
        inputs = set(self.scorer.columns.values())
        for place, name in enumerate(delivered):
            given = [typed[row].get(name) for row in rows]
            emptied = [row in self.broken and name in inputs for row in rows]
            if any(text is not None for text in given) or any(emptied):
                column = pa.array(
                    [
                        text if text is not None else None if is_empty else _text(old)
                        for text, is_empty, old in zip(
                            given, emptied, taken[name].to_pylist(), strict=True
                        )
                    ],
                    pa.string(),
                )
                taken = taken.set_column(place, name, column)
        again = self.scorer.score(taken, [self.numbers[row] for row in rows])
        changed = {name for cells in typed.values() for name in cells} | inputs
        table = _with_rows(self.table, rows, again, changed | set(self.scorer.results))
        broken = {row: why for row, why in self.broken.items() if row not in typed}
        return replace(self, table=table, broken=broken)

    @property
    def _delivered(self) -> set[str]:
        return set(self.table.column_names) - set(self.scorer.results)


def score_plan(
    plan: ListPlan, scorer: Scorer, progress: Callable[[int], object] = lambda rows: None
) -> ScoredList:
    """Score every row of a list in memory; `progress` gets the rows done. Raises ListError."""
    tables: list[pa.Table] = []
    numbers: list[int] = []
    broken: dict[int, str] = {}
    with open_list(plan.path, plan.dialect, plan.name) as customers:
        for chunk in customers.chunks:
            tables.append(scorer.score(chunk.table, chunk.numbers, chunk.broken))
            broken |= {len(numbers) + place: why for place, why in chunk.broken.items()}
            numbers += chunk.numbers
            progress(len(numbers))
    table = pa.concat_tables(tables, promote_options="permissive")
    return ScoredList(table, numbers, broken, scorer)


def _with_rows(
    table: pa.Table, rows: Sequence[int], again: pa.Table, changed: set[str]
) -> pa.Table:
    """Return the table with some rows replaced; a corrected number in it may become a text."""
    mask = pa.array(_mask(rows, table.num_rows))
    for place, name in enumerate(table.column_names):
        if name not in changed:
            continue
        old, new = table[name].combine_chunks(), again[name].combine_chunks()
        if old.type != new.type:
            old, new = _as_text(old), _as_text(new)
        table = table.set_column(place, name, pc.replace_with_mask(old, mask, new))
    return table


def _mask(rows: Sequence[int], count: int) -> list[bool]:
    chosen = set(rows)
    return [row in chosen for row in range(count)]


def _as_text(column: pa.Array) -> pa.Array:
    return pa.array([_text(value) for value in column.to_pylist()], pa.string())


def _texts(cells: Mapping[str, object]) -> dict[str, str]:
    return {name: _text(value) or "" for name, value in cells.items()}


def _text(value: object) -> str | None:
    return None if value is None else str(value)
