"""Histories and amounts of all customers, read from the files of RFM_TABLE."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.customers.histories import Histories, histories
from bankseg_assets.storage import parquet
from bankseg_assets.value.patterns import patterns_of
from bankseg_assets.value.spending import amounts_of

SNAPSHOT = np.datetime64("2016-10-22")
COUNT = 3_000


class Customers:
    """Customers with up to four years of history, whose refunds may exceed their purchases."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        self.age = random.integers(1, 1_500, COUNT)
        self.recency = random.integers(1, self.age + 1)
        self.days = random.integers(1, self.age - self.recency + 2)
        self.cents = random.integers(-5_000, 900_000, COUNT)

    def written(self, folder: Path) -> Path:
        """Write RFM_TABLE's columns as two files, of which one is empty."""

        cents = pa.array([Decimal(int(one)).scaleb(-2) for one in self.cents], pa.decimal128(18, 2))
        first = SNAPSHOT - self.age.astype("timedelta64[D]")
        table = pa.table(
            {
                "active_days": pa.array(self.days, pa.int32()),
                "recency": pa.array(self.recency, pa.int32()),
                "first_day": pa.array(first, pa.date32()),
                "snapshot_date": pa.array([SNAPSHOT.item()] * COUNT, pa.date32()),
                "monetary": cents,
            }
        )
        pq.write_table(table, folder / "part-0.parquet")
        pq.write_table(table.slice(0, 0), folder / "part-1.parquet")
        return folder


def found_in(customers: Customers, folder: Path) -> Histories:
    return histories(customers.written(folder))


@pytest.mark.parametrize("seed", range(3))
def test_histories_are_the_patterns_of_customers(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the rows are read."""
    monkeypatch.setattr(parquet, "_BATCH_ROWS", 700)
    some = Customers(seed)
    found = found_in(some, tmp_path)
    wanted, places = patterns_of(some.days, some.recency, some.age)
    for name in ("repeats", "last", "age", "customers"):
        assert getattr(found.patterns, name).tolist() == getattr(wanted, name).tolist()
    spent = np.bincount(places, np.maximum(some.cents / 100, 0))
    np.testing.assert_allclose(found.spent, spent, rtol=1e-12)
    assert found.snapshot == date(2016, 10, 22)
    assert found.span == some.age.max()


def test_amounts_are_those_of_customers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_BATCH_ROWS", 700)
    some = Customers(4)
    found, wanted = found_in(some, tmp_path).amounts, amounts_of(some.days, some.cents / 100)
    for name in ("purchases", "mean", "customers"):
        assert getattr(found, name).tolist() == getattr(wanted, name).tolist()
    assert found.customers.sum() == (some.cents > 0).sum()
