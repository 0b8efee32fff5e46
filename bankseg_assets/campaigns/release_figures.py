"""The figures of a release: customers, money and activity, also by segment, RFM group and cohort.

A cohort: the customers with their first transaction in the same month.
"""

import datetime
from collections.abc import Sequence
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.campaigns.audiences import CUSTOMERS, GROUP, SEGMENT, customers_of
from bankseg_assets.presentation.disclosure import hidden_cells, is_small
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.documents import Segment
from bankseg_assets.scoring.published_model import segments_of
from bankseg_assets.storage.documents import Document

ALL: Final = "all"
COHORT: Final = "cohort"
EARLIER = "earlier"
"""The cohort of all months before the last `MOST_COHORTS`."""
MOST_COHORTS = 36
FIGURES = 2
"""Version of what a line has; raise it with a new field, and kept releases get a second line."""
ACTIVE_DAYS = 30
"""A customer with a transaction in so many days before the snapshot is active."""
_MONEY = ("monetary", "income")
_OPTIONAL = (*_MONEY, "recency", "frequency", "snapshot_date", "first_day")
_MONTH = "first_month"
_CELL = ("segment", "rfm_group", _MONTH)


class Figures(Document):
    """The figures of all customers, of a segment, an RFM group or a cohort.

    `name`: the platform's; of a cohort, its month as in "2016-08", or `EARLIER`. `id`: the
    permanent one of a segment. `money`, `income`: sums. Shares
    are of the customers: those who are active, and those with more than one transaction. None:
    unknown, or hidden because it concerns fewer than 11 customers or would reveal so few.
    """

    kind: Literal["all", "segment", "group", "cohort"]
    name: str = ""
    id: int | None = None
    customers: int | None = None
    money: float | None = None
    income: float | None = None
    active_share: float | None = None
    repeat_share: float | None = None


class Arrived(Document):
    """The files that were new in a release, and what became of their rows; None: 1 to 10 rows."""

    files: int
    accepted: int | None = None
    quarantined: int | None = None
    duplicates: int | None = None


class ReleaseFigures(Document):
    """The figures of a release. `data`: its version of the customers, which a rollback repeats.

    A line of an older build has no cohorts, model and arrived files. `model`: who fitted it.
    """

    version: int = 1
    release: str
    number: int
    created_at: str
    data: str
    snapshot_date: str = ""
    is_demo: bool = False
    currency: str = ""
    customer_key: str = ""
    active_days: int = ACTIVE_DAYS
    model: str = ""
    arrived: Arrived | None = None
    figures: tuple[Figures, ...] = ()
    # Not among the figures, which an older build, after a return to it, could not read then.
    cohorts: tuple[Figures, ...] = ()

    @property
    def whole(self) -> Figures:
        """The figures of all customers."""
        return next((one for one in self.figures if one.kind == ALL), Figures(kind=ALL))


def figures_of(release: Release) -> ReleaseFigures:
    """Return the figures of a release, from its customers. Raises ListError."""
    customers = customers_of(release)
    known = [name for name in _OPTIONAL if name in customers.schema.names]
    table = customers.to_table(["segment", "rfm_group", *known])
    snapshot = _snapshot(table)
    cells, segments = _cells(table, snapshot), segments_of(release)
    return ReleaseFigures(
        version=FIGURES,
        release=release.name,
        number=release.number,
        created_at=release.created_at,
        data=release.versions[CUSTOMERS],
        snapshot_date=snapshot,
        is_demo=release.is_demo,
        currency=release.currency,
        customer_key=release.customer_key,
        model=release.fit.version,
        arrived=_arrived(release),
        figures=(
            *(Figures(kind=ALL, **shown) for _, shown in _shown(cells)),
            *(
                _of_segment(segments.get(number), shown)
                for number, shown in _shown(cells, "segment")
            ),
            *(
                Figures(kind=GROUP, name=str(name), **shown)
                for name, shown in _shown(cells, "rfm_group")
            ),
        ),
        cohorts=tuple(
            Figures(kind=COHORT, name=_month_name(month, snapshot), **shown)
            for month, shown in _shown(cells, _MONTH)
            if month is not None
        ),
    )


def _arrived(release: Release) -> Arrived:
    """Return the new files of a release; rows without an account are in none of the counts."""
    found = release.deliveries
    accepted, quarantined, duplicates = (
        sum(getattr(one, f"rows_{name}") for one in found)
        for name in ("clean", "quarantined", "duplicate")
    )
    rows = {"accepted": accepted, "quarantined": quarantined, "duplicates": duplicates}
    shown = {name: None if is_small(count) else count for name, count in rows.items()}
    return Arrived(files=len(found), **shown)


def _of_segment(segment: Segment | None, shown: dict[str, Any]) -> Figures:
    if segment is None:
        return Figures(kind=SEGMENT, **shown)
    name = segment.generated_name or segment.name
    return Figures(kind=SEGMENT, name=name, id=segment.id, **shown)


def _snapshot(table: pa.Table) -> str:
    if "snapshot_date" not in table.schema.names or not table.num_rows:
        return ""
    return str(pc.max(table["snapshot_date"]).as_py() or "")


def _cells(table: pa.Table, snapshot: str) -> pa.Table:
    """Return a few hundred rows: the sums of customers alike in segment, group and first month.

    One pass over the customers; the figures of every kind are sums of these.
    """
    columns = {name: table[name] for name in ("segment", "rfm_group")}
    for name in _MONEY:
        if name in table.schema.names:
            columns[name] = _widened(table[name])
    columns["customers"] = pa.repeat(1, table.num_rows)
    if "recency" in table.schema.names:
        active = pc.less_equal(table["recency"], ACTIVE_DAYS)
        columns["active"] = active.cast(pa.int64())
    if "frequency" in table.schema.names:
        columns["repeat"] = pc.greater(table["frequency"], 1).cast(pa.int64())
    columns[_MONTH] = _first_months(table, snapshot)
    return _summed(pa.table(columns).unify_dictionaries(), _CELL)


def _widened(amounts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return decimals with space for sums: that of many needs more digits than each has."""
    is_decimal = pa.types.is_decimal(amounts.type)
    return amounts.cast(pa.decimal128(38, amounts.type.scale)) if is_decimal else amounts


def _first_months(table: pa.Table, snapshot: str) -> pa.Array:
    """Return the number of each customer's first month, 12 for each year; null if unknown.

    Months before the last `MOST_COHORTS` have the same number.
    """
    if "first_day" not in table.schema.names or not snapshot:
        return pa.nulls(table.num_rows, pa.int64())
    days = table["first_day"]
    months = pc.add(pc.multiply(pc.year(days), 12), pc.subtract(pc.month(days), 1))
    return pc.max_element_wise(months, _newest_month(snapshot) - MOST_COHORTS, skip_nulls=False)


def _newest_month(snapshot: str) -> int:
    """Return the number of the month of the newest transaction, the day before the snapshot."""
    newest = datetime.date.fromisoformat(snapshot) - datetime.timedelta(days=1)
    return newest.year * 12 + newest.month - 1


def _month_name(month: int, snapshot: str) -> str:
    if month <= _newest_month(snapshot) - MOST_COHORTS:
        return EARLIER
    return f"{month // 12:04}-{month % 12 + 1:02}"


def _summed(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Return a row for each key, with the sums of the other columns."""
    sums = [(name, "sum") for name in table.column_names if name not in _CELL]
    found = table.group_by(list(keys)).aggregate(sums)
    return found.rename_columns([name.removesuffix("_sum") for name in found.column_names])


def _shown(cells: pa.Table, key: str = "") -> list[tuple[Any, dict[str, Any]]]:
    """Return the key of each row with the figures that may be shown."""
    rows = sorted(
        _summed(cells, [key] if key else []).to_pylist(), key=lambda row: str(row.get(key))
    )
    counts = [row["customers"] for row in rows]
    hidden = hidden_cells([counts], columns=False)[0].tolist() if rows else []
    shares = {name: _shares(rows, name) for name in ("active", "repeat")}
    found = []
    for place, (row, is_hidden) in enumerate(zip(rows, hidden, strict=True)):
        figures: dict[str, Any] = {}
        if not is_hidden:
            figures = {"customers": row["customers"]}
            figures |= {"money": _number(row.get("monetary")), "income": _number(row.get("income"))}
            figures |= {f"{name}_share": share[place] for name, share in shares.items()}
        found.append((row.get(key), figures))
    return found


def _shares(rows: Sequence[dict[str, Any]], name: str) -> list[float | None]:
    """Return the share of the customers who are `name`, hidden where it would reveal a few."""
    if any(row.get(name) is None for row in rows) or not rows:
        return [None] * len(rows)
    cells = [[row[name], row["customers"] - row[name]] for row in rows]
    # The totals of the columns are known: those of all customers.
    hidden = hidden_cells(cells, columns=True).tolist()
    return [
        None if any(are_hidden) else round(of / (of + others), 6)
        for are_hidden, (of, others) in zip(hidden, cells, strict=True)
    ]


def _number(amount: Any) -> float | None:
    return None if amount is None else float(amount)
