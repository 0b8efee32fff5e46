"""Conditions for an incremental update of the RFM table, or a full recompute."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bankseg_assets.customers import rfm_basis
from bankseg_assets.customers.cleaned_files import FullRecomputeError
from bankseg_assets.customers.rfm_basis import (
    basis,
    columns_with_values,
    newest,
)
from bankseg_assets.storage.documents import write_json
from bankseg_assets.storage.version_store import BASIS_FILE, VersionStore

SNAPSHOT = date(2016, 10, 22)


@pytest.fixture
def store(tmp_path: Path) -> VersionStore:
    return VersionStore(tmp_path / "published")


def clean(store: VersionStore, **rows: int) -> Path:
    """Publish cleaned_transactions: file name -> rows; the same name has the same content."""
    with store.draft("cleaned_transactions", "run") as draft:
        for name, count in rows.items():
            table = pa.table({"row_number": range(count), "delivery": [name] * count})
            pq.write_table(table, draft.path / f"{name}.parquet")
    assert draft.version is not None
    return draft.version


def count(store: VersionStore, cleaned: Path, **change: Any) -> Path:
    """Publish an RFM table that was computed from it."""
    inputs = {"cleaned_transactions": cleaned.name}
    with store.draft("rfm_table", "run", inputs) as draft:
        made_from = basis(cleaned, customer_key="customer_id", snapshot=SNAPSHOT)
        write_json(draft.path / BASIS_FILE, made_from | change)
        pq.write_table(pa.table({"customer_id": ["C1"]}), draft.path / "part-0.parquet")
    assert draft.version is not None
    return draft.version


def why_not(store: VersionStore, cleaned: Path, customer_key: str = "customer_id") -> str:
    with pytest.raises(FullRecomputeError) as caught:
        newest(store, cleaned, customer_key=customer_key)
    return str(caught.value)


def test_basis_detects_new_and_removed_files_by_content(store: VersionStore) -> None:
    then = clean(store, a=100, b=7)
    table = count(store, then)
    now = clean(store, a=100, c=5)
    found = newest(store, now, customer_key="customer_id")
    assert (found.table, found.snapshot) == (table, SNAPSHOT)
    assert found.arrived == (now / "c.parquet",)
    assert found.gone == (then / "b.parquet",)
    same = newest(store, clean(store, a=100, b=7), customer_key="customer_id")
    assert same.arrived == same.gone == ()


def test_basis_names_the_reason_for_a_full_recompute(store: VersionStore) -> None:
    cleaned = clean(store, a=100)
    assert why_not(store, cleaned) == "There is no previous table."
    count(store, cleaned)
    assert newest(store, cleaned, customer_key="customer_id")
    assert why_not(store, cleaned, "location") == "The previous table uses another customer key."
    count(store, cleaned, fingerprint="of an older build")
    assert why_not(store, cleaned) == "The RFM rules have changed."


def test_table_of_an_older_build_requires_a_full_recompute(store: VersionStore) -> None:
    cleaned = clean(store, a=100)
    (count(store, cleaned) / BASIS_FILE).write_text("{", encoding="utf-8")
    assert why_not(store, cleaned) == "The previous table uses another customer key."


def test_missing_old_rows_require_a_full_recompute(store: VersionStore) -> None:
    then = clean(store, a=100, b=1)
    count(store, then)
    now = clean(store, a=100)
    shutil.rmtree(then)
    assert "b.parquet, which holds them, is missing" in why_not(store, now)


def test_damaged_table_requires_a_full_recompute(store: VersionStore) -> None:
    cleaned = clean(store, a=100)
    (count(store, cleaned) / "part-0.parquet").write_bytes(b"PAR1")
    assert "part-0.parquet is 4 bytes" in why_not(store, cleaned)


def test_the_rules_are_known_by_their_version(
    store: VersionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleaned = clean(store, a=1)
    table = count(store, cleaned)
    assert newest(store, cleaned, customer_key="customer_id").table == table
    monkeypatch.setattr(rfm_basis, "RFM_RULES", rfm_basis.RFM_RULES + 1)
    assert why_not(store, cleaned) == "The RFM rules have changed."


def test_other_contract_requires_a_full_recompute(store: VersionStore) -> None:
    """A row of the same file and number may then have another amount or direction."""
    count(store, clean(store, a=1))
    with store.draft("cleaned_transactions", "run") as draft:
        write_json(draft.path / BASIS_FILE, {"fingerprint": "of another contract"})
        pq.write_table(pa.table({"row_number": [0]}), draft.path / "a.parquet")
    assert draft.version is not None
    found = why_not(store, draft.version)
    assert found == "The contract or the cleaning rules have changed."


def test_columns_with_values_are_known_from_the_footers(store: VersionStore) -> None:
    with store.draft("cleaned_transactions", "run") as draft:
        for number, (ages, directions) in enumerate(
            [([None, None], [None, None]), ([None, 40], [None, None])]
        ):
            columns = {
                "age": pa.array(ages, pa.int32()),
                "direction": pa.array(directions, pa.string()),
            }
            pq.write_table(pa.table(columns), draft.path / f"{number}.parquet")
    assert draft.version is not None
    names = ("direction", "age", "not there")
    assert columns_with_values(draft.version, names) == {"age"}
    plain = pa.table({"direction": pa.array([None], pa.string())})
    pq.write_table(plain, draft.version / "2.parquet", write_statistics=False)
    assert columns_with_values(draft.version, names) == {"age", "direction"}
