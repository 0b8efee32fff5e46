"""Disclosure control: counts of one to ten could identify persons and are not shown."""

import numpy as np
import numpy.typing as npt

from bankseg_assets.presentation.formatting import PLAIN, number

SMALLEST_CELL = 11
HIDDEN = "hidden"
"""Shown instead of a count that is not small itself, but would reveal a small one."""
ROUNDED_TO = 10


def is_small(count: int) -> bool:
    """Return whether a count must not be shown; zero may be, as it concerns no person."""
    return 0 < count < SMALLEST_CELL


def shown_count(count: int | None, style: str = PLAIN) -> str:
    """Return a count for people; None is one that was hidden before, as too small.

    >>> shown_count(0), shown_count(10), shown_count(1234), shown_count(None)
    ('0', '<11', '1,234', '<11')
    """
    if count is None or is_small(count):
        return f"<{SMALLEST_CELL}"
    return number(count, style)


def shown_part(count: int | None, style: str = PLAIN) -> str:
    """Return a count that stands beside its whole; None if it or the rest must not be shown.

    >>> shown_part(995), shown_part(None)
    ('995', 'hidden')
    """
    return HIDDEN if count is None else shown_count(count, style)


def hidden_cells(counts: npt.ArrayLike, *, columns: bool) -> npt.NDArray[np.bool_]:
    """Return which cells of a table (m, n) must be hidden, given that the row totals are known.

    The small ones; and in a row with a hidden cell at least two, of eleven customers together, so
    that the total less the others gives no small one away (complementary cell suppression, as in
    Willenborg and de Waal, Elements of Statistical Disclosure Control, 2001). `columns`: the totals
    of the columns are known too.

    >>> hidden_cells([[5, 20, 30], [50, 60, 70]], columns=False).tolist()
    [[True, True, False], [False, False, False]]
    >>> hidden_cells([[5, 20, 30], [50, 60, 70]], columns=True).tolist()
    [[True, True, False], [True, True, False]]
    """
    cells = np.asarray(counts, dtype=np.int64)
    hidden = (cells > 0) & (cells < SMALLEST_CELL)
    lines = list(zip(cells, hidden, strict=True))
    if columns:
        lines += zip(cells.T, hidden.T, strict=True)
    found = -1
    while found < hidden.sum():
        found = hidden.sum()
        for line, masked in lines:  # views: masking here changes `hidden`
            others = np.where(masked | (line == 0), np.inf, line)
            alone = masked.sum() == 1 or is_small(int(line[masked].sum()))
            if alone and np.isfinite(others).any():
                masked[int(others.argmin())] = True
    return hidden


def rounded_count(count: int) -> int:
    """Return a count to the nearest ten, 0 where it is not to be shown.

    For cells whose exact totals are known from elsewhere: the one cell that is hidden would be the
    difference between the total and the cells that are shown.

    >>> rounded_count(7), rounded_count(14), rounded_count(1235)
    (0, 10, 1240)
    """
    return 0 if is_small(count) else (count + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO


def shown_rounded(count: int, style: str = PLAIN) -> str:
    """Return a count for people, to the nearest ten.

    >>> shown_rounded(0), shown_rounded(7), shown_rounded(1235)
    ('0', '<11', '1,240')
    """
    rounded = number(rounded_count(count), style)
    return shown_count(count, style) if is_small(count) else rounded
