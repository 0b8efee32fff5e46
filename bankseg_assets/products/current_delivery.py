"""Select the holdings file in use: the last ingested one, preferring the bank's own to demo."""

from collections.abc import Iterable

from bankseg_assets.landing.ledger import Delivery, current_content


def holdings_in_use(
    holdings: Iterable[Delivery], transactions: Iterable[Delivery]
) -> Delivery | None:
    """Return the delivery in use; None if there is none.

    A file contains all holdings, so the last ingested one replaces the others; within a run, the
    last by name. Demo holdings are used for demo customers only.
    """
    candidates = current_content(holdings)
    found = max(candidates, key=lambda one: (one.taken_at, one.file_name), default=None)
    if found is None or not found.is_demo:
        return found
    customers = current_content(transactions)
    return found if all(one.is_demo for one in customers) else None
