"""Which file of holdings counts: the one that was taken last, and the bank's own before demo."""

from collections.abc import Iterable

from bankseg_assets.landing.ledger import Delivery, current_content


def holdings_in_use(
    holdings: Iterable[Delivery], transactions: Iterable[Delivery]
) -> Delivery | None:
    """Return the delivery that counts; None while there is none.

    A file holds all holdings, so the last one taken replaces the others; of those that one run
    took, the last by name. Demo holdings are of the demo customers alone.
    """
    candidates = current_content(holdings)
    found = max(candidates, key=lambda one: (one.taken_at, one.file_name), default=None)
    if found is None or not found.is_demo:
        return found
    customers = current_content(transactions)
    return found if all(one.is_demo for one in customers) else None
