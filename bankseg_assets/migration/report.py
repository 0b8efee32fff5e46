"""Report of migration between segments: a summary, and matrices of customers and money.

Counts are rounded to ten; flows of fewer than 11 customers are hidden, with their money.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from bankseg_assets.migration.flows import BOTH, CUSTOMER, GONE, MODEL, NEW, Flow, of_kind
from bankseg_assets.presentation.disclosure import is_small, rounded_count, shown_rounded
from bankseg_assets.presentation.formatting import abbreviated
from bankseg_assets.presentation.markdown import raw_table

HIDDEN = "-"


def summary(found: Sequence[Flow], currency: str) -> str:
    """Return a Markdown summary of moved, new and gone customers, with money and share.

    Moved customers are a share of those in both snapshots; moved by the model, of all in the new
    data; new ones, of all in the new data; gone ones, of all in the old data.
    """
    customer, model, both = (of_kind(found, kind) for kind in (CUSTOMER, MODEL, BOTH))
    stayed = [flow for flow in customer if flow.known and not flow.moved]
    parts = (
        ("stayed (new data, old model)", stayed, _known(customer)),
        ("the customer moved (new data, old model)", _moved(customer), _known(customer)),
        ("the model moved (same data, new model)", _moved(model), _known(model)),
        ("moved, both together", _moved(both), _known(both)),
        (NEW, [f for f in customer if f.from_name == NEW], [f for f in customer if f.arrives]),
        (GONE, [f for f in customer if f.to_name == GONE], [f for f in customer if f.leaves]),
    )
    rows = [
        (name, shown_rounded(_count(some)), _share(some, of), shown_money(some))
        for name, some, of in parts
    ]
    return raw_table(["", "customers", "share", currency], rows, right_aligned=True)


def matrix(found: Sequence[Flow], kind: str, currency: str) -> str:
    """Return the flows of a kind as a Markdown matrix: a row per start, customers and money."""
    flows = [flow for flow in of_kind(found, kind) if flow.from_name != GONE]
    ends = list(dict.fromkeys((flow.to_segment, flow.to_name) for flow in sorted(flows, key=_end)))
    starts = dict.fromkeys((flow.from_segment, flow.from_name) for flow in flows)
    cells = {((f.from_segment, f.from_name), (f.to_segment, f.to_name)): f for f in flows}
    head = (f"from, to: customers ({currency})", *(name for _, name in ends))
    rows = [(start[1], *(_cell(cells.get((start, end))) for end in ends)) for start in starts]
    return raw_table(head, rows, right_aligned=True)


def shown_money(flows: Iterable[Flow]) -> str:
    """Return the money of some customers; hidden if they are too few."""
    flows = list(flows)
    money = sum((flow.money for flow in flows), Decimal(0))
    return HIDDEN if is_small(_count(flows)) else abbreviated(money)


def _cell(flow: Flow | None) -> str:
    if flow is None:
        return "0"
    count = shown_rounded(flow.customers)
    return count if is_small(flow.customers) else f"{count} ({shown_money([flow])})"


def _share(some: Iterable[Flow], of: Iterable[Flow]) -> str:
    """Return the share from the rounded count: an exact one would disclose the exact count."""
    count, whole = _count(some), _count(of)
    return HIDDEN if is_small(count) or not whole else f"{rounded_count(count) / whole:.1%}"


def _known(flows: Iterable[Flow]) -> list[Flow]:
    return [flow for flow in flows if flow.known]


def _moved(flows: Iterable[Flow]) -> list[Flow]:
    return [flow for flow in flows if flow.moved]


def _count(flows: Iterable[Flow]) -> int:
    return sum(flow.customers for flow in flows)


def _end(flow: Flow) -> tuple[bool, int]:
    return flow.to_segment is None, flow.to_segment or 0
