"""The figures of a release: customers, money and activity, of all, each segment and RFM group."""

from collections.abc import Sequence
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from bankseg_assets.campaigns.audiences import CUSTOMERS, GROUP, SEGMENT, customers_of
from bankseg_assets.presentation.disclosure import hidden_cells
from bankseg_assets.release.releases import Release
from bankseg_assets.scoring.documents import Segment
from bankseg_assets.scoring.published_model import segments_of
from bankseg_assets.storage.documents import Document

ALL: Final = "all"
ACTIVE_DAYS = 30
"""A customer with a transaction in so many days before the snapshot is active."""
_MONEY = ("monetary", "income")
_OPTIONAL = (*_MONEY, "recency", "frequency", "snapshot_date")


class Figures(Document):
    """The figures of all customers, of a segment or of an RFM group.

    `name`: the platform's. `id`: the permanent one of a segment. `money`, `income`: sums. Shares
    are of the customers: those who are active, and those with more than one transaction. None:
    unknown, or hidden because it concerns fewer than 11 customers or would reveal so few.
    """

    kind: Literal["all", "segment", "group"]
    name: str = ""
    id: int | None = None
    customers: int | None = None
    money: float | None = None
    income: float | None = None
    active_share: float | None = None
    repeat_share: float | None = None


class ReleaseFigures(Document):
    """The figures of a release. `data`: its version of the customers, which a rollback repeats."""

    release: str
    number: int
    created_at: str
    data: str
    snapshot_date: str = ""
    is_demo: bool = False
    currency: str = ""
    customer_key: str = ""
    active_days: int = ACTIVE_DAYS
    figures: tuple[Figures, ...] = ()

    @property
    def whole(self) -> Figures:
        """The figures of all customers."""
        return next((one for one in self.figures if one.kind == ALL), Figures(kind=ALL))


def figures_of(release: Release) -> ReleaseFigures:
    """Return the figures of a release, from its customers. Raises ListError."""
    customers = customers_of(release)
    known = [name for name in _OPTIONAL if name in customers.schema.names]
    table = customers.to_table(["segment", "rfm_group", *known])
    segments = segments_of(release)
    return ReleaseFigures(
        release=release.name,
        number=release.number,
        created_at=release.created_at,
        data=release.versions[CUSTOMERS],
        snapshot_date=_snapshot(table),
        is_demo=release.is_demo,
        currency=release.currency,
        customer_key=release.customer_key,
        figures=(
            *(Figures(kind=ALL, **shown) for _, shown in _shown(_summed(table, []))),
            *(
                _of_segment(segments.get(number), shown)
                for number, shown in _shown(_summed(table, ["segment"]))
            ),
            *(
                Figures(kind=GROUP, name=str(name), **shown)
                for name, shown in _shown(_summed(table, ["rfm_group"]))
            ),
        ),
    )


def _of_segment(segment: Segment | None, shown: dict[str, Any]) -> Figures:
    if segment is None:
        return Figures(kind=SEGMENT, **shown)
    name = segment.generated_name or segment.name
    return Figures(kind=SEGMENT, name=name, id=segment.id, **shown)


def _snapshot(table: pa.Table) -> str:
    if "snapshot_date" not in table.schema.names or not table.num_rows:
        return ""
    return str(pc.max(table["snapshot_date"]).as_py() or "")


def _summed(table: pa.Table, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Return a row for each key: `customers`, `active`, `repeat`, and the sums of money."""
    columns = {name: table[name] for name in (*keys, *_MONEY) if name in table.schema.names}
    for name, amounts in columns.items():
        if pa.types.is_decimal(amounts.type):  # the sum of many needs more digits than each has
            columns[name] = amounts.cast(pa.decimal128(38, amounts.type.scale))
    columns["customers"] = pa.repeat(1, table.num_rows)
    if "recency" in table.schema.names:
        active = pc.less_equal(table["recency"], ACTIVE_DAYS)
        columns["active"] = active.cast(pa.int64())
    if "frequency" in table.schema.names:
        columns["repeat"] = pc.greater(table["frequency"], 1).cast(pa.int64())
    sums = [(name, "sum") for name in columns if name not in keys]
    found = pa.table(columns).unify_dictionaries().group_by(list(keys)).aggregate(sums)
    rows = [
        {name.removesuffix("_sum"): value for name, value in row.items()}
        for row in found.to_pylist()
    ]
    return sorted(rows, key=lambda row: [str(row[key]) for key in keys])


def _shown(rows: Sequence[dict[str, Any]]) -> list[tuple[Any, dict[str, Any]]]:
    """Return the key of each row with the figures that may be shown."""
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
        key = next((value for name, value in row.items() if name in ("segment", "rfm_group")), None)
        found.append((key, figures))
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
