"""Releases with the tables that a page about one customer reads."""

import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from bankseg_assets.release.releases import RELEASE, Release, all_releases
from bankseg_assets.storage.documents import write_json
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.app.customers import tables
from bankseg_assets_tests.app.publishing import SEGMENTS, publish, write_table

DAY = datetime.date(2016, 10, 22)
HISTORY = {"active_days": 3, "first_day": DAY - datetime.timedelta(days=90)}
"""A history of HOLDER, whose last transaction was 80 days before: the only one with forecasts."""
HOLDER, OTHER = "C97", "C3"
"""A frequent spender who holds a product, and a customer with one transaction."""


def customer_tables(**changes: object) -> dict[str, list[dict[str, Any]]]:
    """Return asset -> rows; `changes` replace values of HOLDER in customer_segments."""
    found = tables()
    for row in found["customer_segments"]:
        row["snapshot_date"] = DAY
        row.update(changes if row["customer_id"] == HOLDER else dict.fromkeys(changes) | row)
    times = [(8, 1, 100), (8, 9, 150), (10, 2, 650)]
    found["cleaned_transactions"] = [
        {
            "customer_id": HOLDER,
            "transaction_at": datetime.datetime(2016, month, day, 12),
            "amount": Decimal(amount),
            "direction": None,
        }
        for month, day, amount in times
    ]
    found["product_holdings"] = [{"customer_id": HOLDER, "product": "Current account"}]
    found["product_recommendations"] = [
        {"customer_id": customer, "rank": rank, "product": name, "score": score, "source": source}
        for customer, source in ((HOLDER, "als"), (OTHER, "segment"))
        for rank, name, score in ((2, "Deposit", 0.5), (1, "Credit card", 0.734), (3, "Loan", 0.1))
    ]
    found["customer_value"] = [
        {
            **{"repeats": 2, "last": 10, "age": 90, "customers": 1, "p_alive": 0.75},
            **{"days_next_90": 1.25, "days_next_90_low": 0.0, "days_next_90_high": 3.0},
            **{"spend_next_90_base": 20.0, "spend_next_90_share": 0.5},
        }
    ]
    return found


def publish_customers(data_dir: Path, **changes: object) -> Path:
    """Release a model of three segments and HOLDER's tables; return the model's folder."""
    return publish(data_dir, customer_tables(**changes))


def release_again(data_dir: Path, **changes: object) -> Release:
    """Release the newest model with other values of HOLDER, as new data would."""
    store = VersionStore(data_dir / "published")
    manifest = json.loads((store.latest(RELEASE) / "model.json").read_text(encoding="utf-8"))
    rows = customer_tables(**changes)["customer_segments"]
    name = write_table(data_dir, "customer_segments", rows)
    manifest["versions"]["customer_segments"] = name
    with store.draft(RELEASE, str(len(store.versions(RELEASE)))) as draft:
        write_json(draft.path / "model.json", manifest)
    return newest(data_dir)


def newest(data_dir: Path) -> Release:
    """Return the newest release."""
    return all_releases(data_dir / "published")[-1]


def segment_values(number: int) -> dict[str, object]:
    """Return the columns of a segment in customer_segments."""
    return {"segment": number, "segment_name": SEGMENTS[number][0]}


def object_to_marketing(data_dir: Path, customer_id: str) -> None:
    """Deliver a file of objections with one customer."""
    path = data_dir / "objections" / "may.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"customer_id\n{customer_id}\n", encoding="utf-8")
    path.with_name("may.csv.done").touch()
