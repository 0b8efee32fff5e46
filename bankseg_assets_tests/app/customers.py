"""A hundred customers in four cells of the RFM grid, and the tables published for them."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from bankseg_assets.customers.rfm_grid import grid
from bankseg_assets_tests.app.publishing import SEGMENTS, publish

MAIN = Path(__file__).parents[2] / "app" / "main.py"

NAMES = [name for name, *_ in SEGMENTS]
# recency score, frequency score, days, transactions, segment -> customers. The last cell has four
# customers; the previous one is hidden too, because the total would reveal the four.
CELLS = {(5, 1, 3, 1, 0): 45, (5, 1, 3, 1, 1): 5, (1, 1, 70, 1, 2): 34, (5, 5, 2, 6, 1): 12}
CELLS |= {(1, 5, 80, 7, 1): 4}
MONETARY = Decimal("900.00")


def tables() -> dict[str, list[dict[str, Any]]]:
    """Return asset -> rows."""
    customers = [
        {
            "customer_id": f"C{number}",
            "segment": segment,
            "segment_name": NAMES[segment],
            "recency": days,
            "frequency": transactions,
            "monetary": MONETARY,
            "recency_score": recency,
            "frequency_score": frequency,
            "rfm_group": "At risk" if recency == 1 else "Champions",
        }
        for number, (recency, frequency, days, transactions, segment) in enumerate(
            cell for cell, members in CELLS.items() for _ in range(members)
        )
    ]
    actions = [
        {"segment": number, "segment_name": name, "action": f"Call them {number}", "reason": "So."}
        for number, name in enumerate(NAMES)
    ]
    return {
        "customer_segments": customers,
        "rfm_grid": grid(_cube(customers)),
        "recommended_actions": actions,
    }


def _cube(customers: list[dict[str, Any]]) -> Any:
    keys = ("recency_score", "frequency_score", "rfm_group", "segment", "segment_name")
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for one in customers:
        found.setdefault(tuple(one[key] for key in keys), []).append(one)
    return [
        dict(zip(keys, cell, strict=True))
        | {
            "customers": len(members),
            "monetary": sum(one["monetary"] for one in members),
            "recency": max(one["recency"] for one in members),
            "frequency": max(one["frequency"] for one in members),
        }
        for cell, members in found.items()
    ]


def opened(data_dir: Path, view: str = "campaign", **query: str) -> AppTest:
    """Open a page of a release with these tables; `query`: parameters of the URL."""
    publish(data_dir, tables())
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    page.switch_page(f"views/{view}.py")
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception, page.exception
    return page
