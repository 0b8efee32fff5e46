"""Release customers at random, with the tables and columns that a plan reads."""

from datetime import date
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets.scoring.bundle import load_bundle
from bankseg_assets.stats.arrays import Array, Labels
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.app.publishing import SEGMENTS, release, write_model

SNAPSHOT = date(2016, 10, 22)
DAYS = 90
PART = 1_000_000
MONEY = pa.decimal128(18, 2)
_DAY = np.timedelta64(24 * 3600 * 1_000_000, "us")
_FIRST = np.datetime64(SNAPSHOT, "us") - DAYS * _DAY


def write_release(data_dir: Path, customers: int, each: float) -> int:
    """Release customers of ninety days with so many transactions each; return their number.

    Each has one; the others are spread unequally, by an exponential distribution.
    """
    random = np.random.default_rng(1)
    rates = random.exponential(size=customers)
    more = random.choice(customers, int(customers * (each - 1)), p=rates / rates.sum())
    customer = random.permutation(np.concatenate([np.arange(customers), more]))
    day = random.integers(0, DAYS, len(customer))
    amount = (10 + random.gamma(0.5, 800, len(customer))).round(2)
    ids = pa.array([f"C{5_000_000 + number}" for number in range(customers)])
    parts = []
    for start in range(0, len(customer), PART):
        some = slice(start, start + PART)
        parts.append(_transactions(ids.take(pa.array(customer[some])), day[some], amount[some]))
    model = write_model(data_dir)
    versions = {
        "nb_classifier": model.name,
        "cleaned_transactions": _written(data_dir, "cleaned_transactions", parts),
        "customer_segments": _written(
            data_dir, "customer_segments", [_customers(ids, customer, day, amount)]
        ),
    }
    sha256 = load_bundle(model).sha256
    release(data_dir, model, sha256, versions=versions, customer_key="customer_id")
    return len(customer)


def _transactions(ids: pa.Array, day: Labels, amount: Array) -> pa.Table:
    return pa.table(
        {
            "customer_id": ids,
            "transaction_at": pa.array(_FIRST + day * _DAY),
            "amount": pa.array(amount).cast(MONEY),
            "direction": pa.nulls(len(day), pa.string()),
        }
    )


def _customers(ids: pa.Array, customer: Labels, day: Labels, amount: Array) -> pa.Table:
    first = np.full(len(ids), DAYS)
    np.minimum.at(first, customer, day)
    segment = np.arange(len(ids)) % len(SEGMENTS)
    names = pa.array([name for name, *_ in SEGMENTS])
    return pa.table(
        {
            "customer_id": ids,
            "segment": pa.array(segment, pa.int32()),
            "segment_name": names.take(pa.array(segment)),
            "monetary": pa.array(np.bincount(customer, amount).round(2)).cast(MONEY),
            "first_day": pa.array(_FIRST + first * _DAY).cast(pa.date32()),
            "rfm_group": pa.array(["At risk", "Champions"]).take(pa.array(segment % 2)),
        }
    )


def _written(data_dir: Path, asset: str, parts: list[pa.Table]) -> str:
    """Return the version that was written."""
    with VersionStore(data_dir / "published").draft(asset, str(uuid4())) as draft:
        for number, part in enumerate(parts):
            pq.write_table(part, draft.path / f"part-{number}.parquet", compression="zstd")
    assert draft.version is not None
    return draft.version.name
