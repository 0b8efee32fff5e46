"""The RFM grid, and its named groups by segment, from one pass over customers.

Scores and groups are those of `customers.rfm`. A cell of fewer than 11 customers is hidden, and so
is any cell that would reveal it as the difference to a total.
"""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F  # noqa: N812

from bankseg_assets.customers.rfm import GROUPS, SCORES
from bankseg_assets.presentation.disclosure import hidden_cells, is_small

Rows = list[dict[str, Any]]
ALL_SCORES = range(1, SCORES + 1)
GROUP_NAMES = [name for name, _ in GROUPS]


def cube(segments: DataFrame) -> list[Row]:
    """Count customers and money by both scores, named group and segment: the grid's finest cells.

    At most a few hundred, because recency and frequency scores determine most of the group.
    """
    return (
        segments.groupBy("recency_score", "frequency_score", "rfm_group", "segment", "segment_name")
        .agg(
            F.count(F.lit(1)).alias("customers"),
            F.sum("monetary").alias("monetary"),
            F.max("recency").alias("recency"),
            F.max("frequency").alias("frequency"),
        )
        .collect()
    )


def grid(cells: Sequence[Row]) -> Rows:
    """Return RFM_GRID: all 25 cells, the best customers first."""
    customers, money = _sums(cells, "recency_score", "frequency_score")
    groups: dict[tuple[int, int], Counter[str]] = {}
    for cell in cells:
        of_cell = groups.setdefault((cell["recency_score"], cell["frequency_score"]), Counter())
        of_cell[cell["rfm_group"]] += cell["customers"]
    counts = np.array([[customers.get((r, f), 0) for f in ALL_SCORES] for r in ALL_SCORES])
    # For the grid, only the total of all customers is published.
    hidden = hidden_cells(counts.reshape(1, -1), columns=False).reshape(counts.shape)
    recencies, frequencies = _recencies(cells), _frequencies(cells)
    found = []
    for r in reversed(ALL_SCORES):
        for f in reversed(ALL_SCORES):
            some, shown = (r, f) in customers, not hidden[r - 1, f - 1]
            group, members = _most_frequent(groups[r, f]) if some else (None, 0)
            found.append(
                {
                    "recency_score": r,
                    "frequency_score": f,
                    "recency_from": recencies.get(r, (None, None))[0],
                    "recency_to": recencies.get(r, (None, None))[1],
                    "frequency_from": frequencies.get(f, (None, None))[0],
                    "frequency_to": frequencies.get(f, (None, None))[1],
                    "customers": customers.get((r, f), 0) if shown else None,
                    "monetary": money.get((r, f), Decimal(0)) if shown else None,
                    "rfm_group": group if shown else None,
                    "group_share": round(members / customers[r, f], 4) if some and shown else None,
                }
            )
    return found


def groups_by_segment(cells: Sequence[Row]) -> Rows:
    """Return RFM_GROUPS: every named group, best first, in every segment."""
    customers, money = _sums(cells, "rfm_group", "segment")
    names = dict(sorted({cell["segment"]: cell["segment_name"] for cell in cells}.items()))
    counts = np.array([[customers.get((group, s), 0) for s in names] for group in GROUP_NAMES])
    # The sizes of groups and of segments are published.
    hidden = hidden_cells(counts, columns=True)
    sizes = counts.sum(axis=0)
    found = []
    for i, group in enumerate(GROUP_NAMES):
        for j, segment in enumerate(names):
            # Empty cells are hidden as well: nothing is shown for a segment that small.
            shown = not hidden[i, j] and not is_small(int(sizes[j]))
            count = int(counts[i, j])
            found.append(
                {
                    "rfm_group": group,
                    "segment": segment,
                    "segment_name": names[segment],
                    "customers": count if shown else None,
                    "monetary": money.get((group, segment), Decimal(0)) if shown else None,
                    "share_of_segment": round(count / int(sizes[j]), 6) if shown else None,
                }
            )
    return found


def _sums(
    cells: Sequence[Row], first: str, second: str
) -> tuple[dict[tuple[Any, Any], int], dict[tuple[Any, Any], Decimal]]:
    customers: dict[tuple[Any, Any], int] = {}
    money: dict[tuple[Any, Any], Decimal] = {}
    for cell in cells:
        key = cell[first], cell[second]
        customers[key] = customers.get(key, 0) + cell["customers"]
        money[key] = money.get(key, Decimal(0)) + cell["monetary"]
    return customers, money


def _most_frequent(groups: Counter[str]) -> tuple[str, int]:
    return min(groups.items(), key=lambda one: (-one[1], GROUP_NAMES.index(one[0])))


def _recencies(cells: Sequence[Row]) -> dict[int, tuple[int, int | None]]:
    """Return recency score -> days from and to; the worst score is open-ended.

    This hides the greatest value, which may be one customer's; the other ends are quintiles.
    """
    found: dict[int, tuple[int, int | None]] = {}
    low = 0
    greatest = _greatest(cells, "recency")
    for score in sorted(greatest, reverse=True):
        found[score] = low, greatest[score] if score > min(greatest) else None
        low = greatest[score] + 1
    return found


def _frequencies(cells: Sequence[Row]) -> dict[int, tuple[int, int | None]]:
    """Return frequency score -> transactions from and to; the best score is open-ended."""
    found: dict[int, tuple[int, int | None]] = {}
    low = 1
    greatest = _greatest(cells, "frequency")
    for score in sorted(greatest):
        found[score] = low, greatest[score] if score < max(greatest) else None
        low = greatest[score] + 1
    return found


def _greatest(cells: Sequence[Row], measure: str) -> dict[int, int]:
    found: dict[int, int] = {}
    for cell in cells:
        score = cell[f"{measure}_score"]
        found[score] = max(found.get(score, 0), cell[measure])
    return found
