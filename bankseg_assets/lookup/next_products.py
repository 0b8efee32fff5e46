"""The products that are recommended to a customer, with the reasons."""

from dataclasses import dataclass

from bankseg_assets.contracts.tables import PRODUCT_HOLDINGS, PRODUCT_RECOMMENDATIONS
from bankseg_assets.lookup.customer import Customer, rows_of_customer
from bankseg_assets.presentation.formatting import percent
from bankseg_assets.release.releases import Release

FROM_SEGMENT = "segment"
"""The source of a recommendation to a customer without known products."""
MOST = 3
MOST_NAMED = 4  # of the products that a customer has


@dataclass(frozen=True)
class NextProduct:
    """A product to offer, and why."""

    product: str
    reason: str
    score: float
    source: str


def next_products(release: Release, customer: Customer) -> list[NextProduct]:
    """Return the products to offer, the first to offer first. Raises LookupFailedError."""
    names = ("rank", "product", "score", "source")
    rows = rows_of_customer(release, PRODUCT_RECOMMENDATIONS.name, customer.customer_id, names)
    if not rows:
        return []
    held: list[str] = []
    if any(row["source"] != FROM_SEGMENT for row in rows):
        found = rows_of_customer(release, PRODUCT_HOLDINGS.name, customer.customer_id, ("product",))
        held = sorted({row["product"] for row in found})
    return [
        NextProduct(
            row["product"], _reason(row["source"], row["score"], held), row["score"], row["source"]
        )
        for row in sorted(rows, key=lambda row: row["rank"])[:MOST]
    ]


def _reason(source: str, score: float, held: list[str]) -> str:
    if source == FROM_SEGMENT:
        return (
            f"About {percent(score)} of the segment's customers with known products have it; no "
            "product of this customer is known."
        )
    if not held:
        return f"It suits the products that the customer has: preference {score:z.2f} of 1."
    more = len(held) - MOST_NAMED
    named = ", ".join(held[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"It suits what the customer has ({named}): predicted preference {score:z.2f} of 1."
