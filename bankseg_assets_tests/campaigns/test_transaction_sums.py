"""Sums of customers' transactions in stretches of days."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bankseg_assets.campaigns import transaction_sums
from bankseg_assets.campaigns.audiences import table_of
from bankseg_assets.campaigns.transaction_sums import CLEANED, sums_between
from bankseg_assets_tests.campaigns.campaign_bank import DAYS, SNAPSHOT, bank


@pytest.mark.parametrize("rows", [50, 1 << 20])
def test_sums_are_those_of_each_customer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """However many transactions are read at a time."""
    monkeypatch.setattr(transaction_sums, "_BATCH_ROWS", rows)
    release, _ = bank(tmp_path, 60)
    ids = ["C7", "no customer", "C3", "C59"]
    edges = [SNAPSHOT - timedelta(days=one) for one in (DAYS, 60, 20)]
    found = sums_between(release, ids, edges)
    assert found is not None
    table = table_of(release, CLEANED).to_table().to_pandas()
    for row, customer in enumerate(ids):
        own = table[table["customer_id"] == customer]
        for column, (start, end) in enumerate(pairwise(edges)):
            days = own["transaction_at"].dt.date
            some = own[(days >= start) & (days < end)]
            assert found.transactions[row, column] == len(some)
            assert found.spend[row, column] == pytest.approx(float(some["amount"].sum()))
    assert np.all(found.spend[1] == 0)
