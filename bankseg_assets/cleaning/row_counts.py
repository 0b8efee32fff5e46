"""Count kept, quarantined and duplicate rows of each delivery in the written files.

Does not use Spark, because operator commands read it, too.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from bankseg_assets.cleaning.parts import parts_of, rows_by_delivery
from bankseg_assets.storage.version_store import VersionStore, version_basis, version_record

CORRECTED = "corrected"
RAW, CLEANED, QUARANTINED = (
    *("raw_transactions", "cleaned_transactions"),
    "quarantined_transactions",
)


@dataclass(frozen=True)
class Account:
    """Row counts of a delivery; `reasons`: reason -> quarantined rows, most frequent first."""

    rows_in: int
    rows_clean: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def quarantined_share(self) -> float:
        """The share of delivered rows that broke a rule."""
        return self.rows_broken / self.rows_in if self.rows_in else 0.0

    @property
    def rows_broken(self) -> int:
        """Quarantined rows, without those that another delivery replaced."""
        return self.rows_quarantined - self.reasons.get(CORRECTED, 0)

    @property
    def top_reason(self) -> str:
        """The most frequent reason of quarantined rows; empty if there are none."""
        return next(iter(self.reasons), "")


def accounts(raw: Path, cleaned: Path, quarantined: Path) -> dict[str, Account]:
    """Return delivery -> account for three versions that belong together."""
    rows_in = rows_by_delivery(parts_of(raw))
    clean = rows_by_delivery(parts_of(cleaned))
    not_kept = _quarantined_counts(sorted(quarantined.glob("*.parquet")))
    found = {}
    for delivery, rows in rows_in.items():
        counts = not_kept.get(delivery, {})
        reasons = counts.get("quarantined", {})
        found[delivery] = Account(
            rows_in=rows,
            rows_clean=clean.get(delivery, 0),
            rows_quarantined=sum(reasons.values()),
            rows_duplicate=sum(counts.get("duplicate", {}).values()),
            reasons=dict(sorted(reasons.items(), key=lambda one: (-one[1], one[0]))),
        )
    return found


def newest_accounts(store: VersionStore) -> dict[str, Account]:
    """Return delivery -> account for the newest cleaned data; empty before the first.

    Raises DamagedVersionError or OSError when they cannot be read.
    """
    versions = store.versions(CLEANED)
    if not versions:
        return {}
    cleaned = versions[-1]
    basis = version_basis(cleaned)
    matching = [v for v in store.versions(QUARANTINED) if version_basis(v) == basis]
    raw = store.folder / RAW / version_record(cleaned).inputs[RAW]
    return accounts(raw, cleaned, matching[-1] if matching else store.latest(QUARANTINED))


def _quarantined_counts(files: list[Path]) -> dict[str, dict[str, dict[str, int]]]:
    """Return delivery -> disposition -> reason -> rows."""
    if not files:
        return {}
    key = ["delivery", "disposition", "reason"]
    table = ds.dataset(sorted(map(str, files))).to_table(key)
    counted: list[dict[str, Any]] = table.group_by(key).aggregate([([], "count_all")]).to_pylist()
    found: dict[str, dict[str, dict[str, int]]] = {}
    for row in counted:
        of_delivery = found.setdefault(row["delivery"], {})
        of_delivery.setdefault(row["disposition"], {})[row["reason"]] = row["count_all"]
    return found
