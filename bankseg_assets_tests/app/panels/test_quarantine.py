"""Quarantined rows on the page Data: masked, by reason, and as a file to correct."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.panels.quarantine import _file
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.privacy.audit import AuditLog
from bankseg_assets.release.releases import current_release
from bankseg_assets_tests.app.customers import MAIN
from bankseg_assets_tests.app.publishing import publish

ROWS = [
    {
        "disposition": kind,
        "reason": reason,
        "source_file": "bank.csv",
        "row_number": number,
        "raw_text": json.dumps(
            {"transaction_id": f"T{number}", "customer_id": f"C17{number}", "amount": amount}
        ),
    }
    for number, (kind, reason, amount) in enumerate(
        [("quarantined", "invalid_amount", "n/a")] * 30
        + [("quarantined", "invalid_date", "12")] * 12
        + [("duplicate", "duplicate", "13")] * 20,
        2,
    )
]


@pytest.fixture
def page(data_dir: Path) -> AppTest:
    return opened(data_dir, ["T900"])


def opened(data_dir: Path, kept: list[str]) -> AppTest:
    """Open the page; `kept`: the IDs of the clean transactions."""
    clean = [{"transaction_id": one, "amount": 1} for one in kept]
    publish(data_dir, {"quarantined_transactions": ROWS, "cleaned_transactions": clean})
    found = AppTest.from_file(str(MAIN), default_timeout=60).run()
    found.switch_page("views/deliveries.py").run()
    assert not found.exception
    return found


def _text(page: AppTest) -> str:
    return "\n".join(str(one.value) for one in [*page.markdown, *page.caption, *page.subheader])


def test_rows_are_masked_until_asked_for(page: AppTest) -> None:
    shown = page.dataframe[0].value
    assert len(shown) == 20
    assert shown["CustomerID"].str.fullmatch("A9{3,4}").all()
    assert "Values are masked" in _text(page)
    page.toggle(key="quarantine_values").set_value(True).run()
    assert page.dataframe[0].value["CustomerID"].str.fullmatch(r"C17\d+").all()


def test_shown_values_and_the_file_are_audited(page: AppTest, data_dir: Path) -> None:
    """Once for the same rows, and not while they are masked."""
    log = AuditLog(data_dir / "audit")
    assert list(log.entries()) == []
    page.toggle(key="quarantine_values").set_value(True).run()
    page.run()
    release = current_release(data_dir / "published")
    assert release is not None
    _file(release, DeliveryContract(), "")
    entries = [(one["what"], one["on"], one["result"]) for one in log.entries()]
    assert entries == [
        ("list downloaded", "quarantined rows", "20 rows shown"),
        ("list downloaded", "quarantined rows", "42 rows downloaded"),
    ]


def test_rows_of_one_reason(page: AppTest) -> None:
    box = page.selectbox(key="quarantine_reason")
    assert box.options == ["All reasons", "Invalid amount (30)", "Invalid date (12)"]
    box.select("invalid_date").run()
    assert set(page.dataframe[0].value["Reason"]) == {"Invalid date"}


def test_page_explains_the_correction(page: AppTest, data_dir: Path) -> None:
    said = _text(page)
    assert "To correct them" in said
    assert str(data_dir / "landing") in said


def test_file_has_the_rows_with_the_contracts_columns(page: AppTest, data_dir: Path) -> None:
    release = current_release(data_dir / "published")
    assert release is not None
    content = _file(release, DeliveryContract(), "invalid_date")
    rows = pd.read_csv(io.BytesIO(content))
    assert len(rows) == 12
    assert set(DeliveryContract().file_columns) < set(rows.columns)
    assert set(rows["reason"]) == {"invalid_date"}


def test_rows_that_were_corrected_are_left_out(data_dir: Path) -> None:
    """Delivered again, they stay in quarantine, where no one needs to correct them twice."""
    page = opened(data_dir, [f"T{number}" for number in range(2, 32)])
    assert page.selectbox(key="quarantine_reason").options == ["All reasons", "Invalid date (12)"]
    (note,) = page.success
    assert "30 of 42 quarantined rows were delivered again and are kept" in note.value
    release = current_release(data_dir / "published")
    assert release is not None
    rows = pd.read_csv(io.BytesIO(_file(release, DeliveryContract(), "")))
    assert set(rows["reason"]) == {"invalid_date"}
    other = DeliveryContract()
    columns = dict(other.columns)
    columns["transaction_id"] = replace(columns["transaction_id"], unique_per="file")
    other = replace(other, columns=columns)
    rows = pd.read_csv(io.BytesIO(_file(release, other, "")))
    assert len(rows) == 42  # the same ID may be of another transaction
    del columns["transaction_id"]  # a bank may have no IDs: those of clean rows are computed
    rows = pd.read_csv(io.BytesIO(_file(release, replace(other, columns=columns), "")))
    assert len(rows) == 42


def test_rows_without_an_id_cannot_be_known_as_corrected(data_dir: Path) -> None:
    texts = ["a,broken,record", json.dumps({"transaction_id": None}), "12"] * 10
    broken = [ROWS[0] | {"raw_text": text} for text in texts]
    clean = [{"transaction_id": "T1", "amount": 1}]
    publish(data_dir, {"quarantined_transactions": broken, "cleaned_transactions": clean})
    release = current_release(data_dir / "published")
    assert release is not None
    content = _file(release, DeliveryContract(), "")
    assert len(pd.read_csv(io.BytesIO(content))) == 30


def test_corrected_quarantine_asks_for_nothing(data_dir: Path) -> None:
    page = opened(data_dir, [f"T{number}" for number in range(2, 60)])
    assert not page.selectbox
    assert not page.get("download_button")
    assert "42 of 42 quarantined rows" in page.success[0].value
