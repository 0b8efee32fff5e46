"""Write customers who behave as the models assume, with the columns that forecasts need."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bankseg_assets_tests.value.simulated import simulate

SPAN = 300
SNAPSHOT = date(2016, 10, 22)
PART = 1_000_000


def write_customers(folder: Path, count: int) -> None:
    """Write columns of RFM_TABLE, in files of a million customers."""
    folder.mkdir()
    for part, start in enumerate(range(0, count, PART)):
        some = simulate(min(PART, count - start), span=SPAN, seed=part)
        one = some.patterns
        age = np.maximum(np.ceil(one.age), 1).astype(int)
        recency = np.maximum(np.ceil(one.age - one.last), 1).astype(int)
        days = np.minimum(one.repeats.astype(int) + 1, age - recency + 1)
        first = np.datetime64(SNAPSHOT) - age.astype("timedelta64[D]")
        table = {
            "customer_id": pa.array([f"C{start + place}" for place in range(len(age))]),
            "active_days": pa.array(days, pa.int32()),
            "recency": pa.array(recency, pa.int32()),
            "first_day": pa.array(first, pa.date32()),
            "snapshot_date": pa.array([SNAPSHOT] * len(age), pa.date32()),
            "monetary": pa.array(some.spent).cast(pa.decimal128(18, 2)),
        }
        pq.write_table(pa.table(table), folder / f"part-{part}.parquet", compression="zstd")
