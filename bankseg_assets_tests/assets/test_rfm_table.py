"""rfm_table: every customer once, counted to the day after the newest transaction."""

import pyarrow.compute as pc
import pytest

from bankseg_assets_tests.assets.conftest import Platform


def test_every_customer_has_one_row(batch: Platform) -> None:
    customers = batch.run.table("rfm_table")["customer_id"].to_pylist()
    cleaned = batch.run.table("cleaned_transactions")["customer_id"].to_pylist()
    assert len(customers) == len(set(customers))
    assert set(customers) == set(cleaned)
    assert batch.run.metadata["rfm_table"]["n_customers"] == len(customers)


def test_no_transaction_and_no_money_is_lost(batch: Platform) -> None:
    rfm, cleaned = batch.run.table("rfm_table"), batch.run.table("cleaned_transactions")
    assert pc.sum(rfm["frequency"]).as_py() == cleaned.num_rows
    assert pc.sum(rfm["monetary"]).as_py() == pc.sum(cleaned["amount"]).as_py()


def test_recency_counts_to_the_snapshot_date_that_is_recorded(batch: Platform) -> None:
    rfm = batch.run.table("rfm_table")
    assert batch.run.metadata["rfm_table"]["snapshot_date"] == "2016-10-22"
    assert {str(day) for day in rfm["snapshot_date"].to_pylist()} == {"2016-10-22"}
    assert pc.min(rfm["recency"]).as_py() == 1


def test_a_fifth_of_the_customers_is_held_out(batch: Platform) -> None:
    held_out = batch.run.table("rfm_table")["held_out"].to_numpy()
    # Three standard deviations of 3,300 draws are two points.
    assert held_out.mean() == pytest.approx(0.2, abs=0.02)


def test_the_cuts_of_every_score_are_recorded(batch: Platform) -> None:
    found = batch.run.metadata["rfm_table"]
    for name in ("recency", "frequency", "monetary"):
        assert str(found[f"{name}_score_cuts"]).count(", ") == 3
