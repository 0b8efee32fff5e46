"""Flows of customers and money between segments of two snapshots; standard library only.

Every customer has a path of three stops: `before`, the segment in the old data by the old model;
`old_model`, the segment in the new data by the old model; `new_model`, the segment in the new data
by the new model. The first step is due to the customer, the second to the model. A new customer has
no first stop; a customer who is gone has only the first.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

CUSTOMER = "customer"
MODEL = "model"
BOTH = "both"
KINDS = (CUSTOMER, MODEL, BOTH)
NEW = "new"
GONE = "gone"


@dataclass(frozen=True)
class CustomerPath:
    """Customers with the same path (None: no segment). Money in the bank's currency."""

    before: int | None
    old_model: int | None
    new_model: int | None
    customers: int
    money: Decimal


@dataclass(frozen=True)
class Flow:
    """Customers who went from one segment to another, and their money in the bank's currency.

    moved: whether the new segment is not the continuation of the old one.
    """

    kind: str
    from_segment: int | None
    from_name: str
    to_segment: int | None
    to_name: str
    moved: bool
    customers: int
    money: Decimal

    @property
    def arrives(self) -> bool:
        """Whether the customers are in a segment afterwards."""
        return self.to_segment is not None

    @property
    def leaves(self) -> bool:
        """Whether the customers were in a segment before."""
        return self.from_segment is not None

    @property
    def known(self) -> bool:
        """Whether the customers are in a segment both before and afterwards."""
        return self.leaves and self.arrives


def flows(
    paths: Iterable[CustomerPath],
    old: Sequence[str],
    new: Sequence[str],
    continues: Sequence[int | None],
) -> list[Flow]:
    """Return the flows of each kind, ordered by segment; each kind has every customer once.

    `old` (l,) and `new` (k,) are the names of the old and the new model's segments; `continues`
    (k,) the old segment that each new one continues, None for none.
    """
    customers: Counter[tuple[str, int | None, int | None]] = Counter()
    money: dict[tuple[str, int | None, int | None], Decimal] = {}
    for path in paths:
        stops = {
            CUSTOMER: (path.before, path.old_model),
            MODEL: (path.old_model, path.new_model),
            BOTH: (path.before, path.new_model),
        }
        for kind, (start, end) in stops.items():
            customers[kind, start, end] += path.customers
            money[kind, start, end] = money.get((kind, start, end), Decimal(0)) + path.money
    no_start = {CUSTOMER: NEW, MODEL: GONE, BOTH: NEW}
    names = {CUSTOMER: (old, old), MODEL: (old, new), BOTH: (old, new)}
    origin = {CUSTOMER: range(len(old)), MODEL: continues, BOTH: continues}
    return [
        Flow(
            kind=kind,
            from_segment=start,
            from_name=no_start[kind] if start is None else names[kind][0][start],
            to_segment=end,
            to_name=GONE if end is None else names[kind][1][end],
            moved=start is not None and end is not None and origin[kind][end] != start,
            customers=customers[kind, start, end],
            money=money[kind, start, end],
        )
        for kind, start, end in sorted(customers, key=_in_order)
    ]


def of_kind(found: Iterable[Flow], kind: str) -> list[Flow]:
    """Return the flows of one kind."""
    return [flow for flow in found if flow.kind == kind]


def unbalanced_totals(
    found: Sequence[Flow],
    before: Mapping[int, int],
    after: Mapping[int, int],
    money_after: Decimal,
) -> list[str]:
    """Return a sentence for each total that the flows do not preserve.

    `before`, `after`: segment -> customers in the old and in the new table. `money_after`: the
    monetary of all customers in the new table.
    """
    customer, model, both = (of_kind(found, kind) for kind in KINDS)
    pairs = (
        ("leave the old segments, by the old model", _leaving(customer), before),
        ("leave the old segments, both together", _leaving(both), before),
        ("leave the old model's segments", _leaving(model), _arriving(customer)),
        ("arrive in the new segments, by the new model", _arriving(model), after),
        ("arrive in the new segments, both together", _arriving(both), after),
    )
    faults = [
        f"{sum(counts.values()):,} customers {what}; expected {sum(wanted.values()):,}."
        for what, counts, wanted in pairs
        if counts != wanted
    ]
    for kind in KINDS:
        money = sum((flow.money for flow in of_kind(found, kind) if flow.arrives), Decimal(0))
        if money != money_after:
            faults.append(f"{kind}: money of {money:,} arrives; expected {money_after:,}.")
    return faults


def _leaving(found: Iterable[Flow]) -> Counter[int]:
    """Return segment -> customers who leave it, including those who are gone afterwards."""
    counts: Counter[int] = Counter()
    for flow in found:
        if flow.from_segment is not None:
            counts[flow.from_segment] += flow.customers
    return counts


def _arriving(found: Iterable[Flow]) -> Counter[int]:
    """Return segment -> customers who arrive, including new ones."""
    counts: Counter[int] = Counter()
    for flow in found:
        if flow.to_segment is not None:
            counts[flow.to_segment] += flow.customers
    return counts


def _in_order(key: tuple[str, int | None, int | None]) -> tuple[int, float, float]:
    """Return a sort key: kind, start, end, those without a segment last."""
    kind, *ends = key
    start, end = (math.inf if segment is None else segment for segment in ends)
    return KINDS.index(kind), start, end
