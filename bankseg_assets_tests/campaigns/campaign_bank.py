"""A bank with customers and ninety days of transactions, to make campaigns in."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from bankseg_assets.campaigns.campaign import CampaignRequest
from bankseg_assets.release.releases import Release, current_release
from bankseg_assets.scoring.bundle import Bundle, load_bundle
from bankseg_assets_tests.app.publishing import SEGMENTS, write_model
from bankseg_assets_tests.app.publishing import release as publish

SNAPSHOT = date(2016, 10, 22)
DAYS = 90
CUSTOMERS = 600
NAMES = [name for name, *_ in SEGMENTS]


def request(**changes: Any) -> CampaignRequest:
    """Return a request of thirty days from the snapshot on; `changes` replace fields."""
    asked: dict[str, Any] = {
        "name": "Spring",
        "share": 0.5,
        "starts_on": SNAPSHOT,
        "ends_on": SNAPSHOT + timedelta(days=29),
    }
    return CampaignRequest(**(asked | changes))


def bank(
    data_dir: Path, customers: int = CUSTOMERS, *, with_transactions: bool = True, **changes: object
) -> tuple[Release, Bundle]:
    """Publish customers C0, C1, ..; each has some transactions, as many as is usual for it."""
    rng = np.random.default_rng(7)
    rows: list[dict[str, Any]] = []
    of_customers: list[dict[str, Any]] = []
    first = SNAPSHOT - timedelta(days=DAYS)
    for number in range(customers):
        count = 1 + int(rng.poisson(rng.gamma(2, 4)))
        days = np.sort(rng.integers(0, DAYS, count))
        amounts = [Decimal(int(one)) for one in 10 + rng.gamma(2, 50, count)]
        rows += [
            {
                "transaction_id": f"T{number}-{place}",
                "customer_id": f"C{number}",
                "transaction_at": datetime.combine(first, datetime.min.time())
                + timedelta(days=int(day), hours=place % 24),
                "amount": amount,
                "direction": "spending",
            }
            for place, (day, amount) in enumerate(zip(days, amounts, strict=True))
        ]
        segment = number % len(NAMES)
        of_customers.append(
            {
                "customer_id": f"C{number}",
                "segment": segment,
                "segment_name": NAMES[segment],
                "recency": DAYS - int(days[-1]),
                "frequency": count,
                "monetary": sum(amounts, Decimal()),
                "first_day": first + timedelta(days=int(days[0])),
                "rfm_group": "At risk" if number % 4 == 0 else "Champions",
            }
        )
    tables = {"customer_segments": of_customers}
    if with_transactions:
        tables["cleaned_transactions"] = rows
    model = write_model(data_dir, **changes)
    bundle = load_bundle(model)
    publish(data_dir, model, bundle.sha256, tables, customer_key="customer_id")
    release = current_release(data_dir / "published")
    assert release is not None
    return release, bundle
