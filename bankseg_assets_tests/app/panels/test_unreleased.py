"""Before the first release every page shows the newest published data."""

import json
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from app.panels.unreleased import KIND, unreleased
from bankseg_assets.landing.ledger import Delivery, Ledger
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.version_store import VersionStore
from bankseg_assets_tests.app.test_pages import VIEWS

MAIN = Path(__file__).parents[3] / "app" / "main.py"
EDA = {
    "overview": [
        {
            "transactions": 90,
            "customers": 60,
            "amount_total": 4500.0,
            "first_day": "2016-08-01",
            "last_day": "2016-08-01",
            "repeat_customers": 30,
            "identity_conflict_share_of_repeat": None,
        }
    ],
    "genders": [{"gender": "F", "rows": 90, "amount": 4500.0}],
    "missing_values": [{"column": "balance", "missing": 90, "share": 1.0}],
}
TABLES = {
    "cleaned_transactions": [{"amount": Decimal(50)}] * 90,
    "quarantined_transactions": [
        {
            "disposition": "quarantined",
            "reason": "invalid_amount",
            "source_file": "bank.csv",
            "row_number": 2,
            "raw_text": '{"customer_id": "C17", "amount": "n/a"}',
        }
    ]
    * 12,
    "rfm_table": [{"rfm_group": "Lost"}] * 40 + [{"rfm_group": "At risk"}] * 20,
}


def batch(data_dir: Path, *assets: str, raw: str = "raw-1") -> dict[str, str]:
    """Publish assets as an incomplete batch does; return asset -> version."""
    store, run = VersionStore(data_dir / "published"), str(uuid4())
    made = {"raw_transactions": raw}
    for asset in assets:
        with store.draft(asset, run, dict(made)) as draft:
            if asset == "eda_report":
                (draft.path / "model.json").write_text(json.dumps(EDA), encoding="utf-8")
            else:
                pq.write_table(pa.Table.from_pylist(TABLES[asset]), draft.path / "part-0.parquet")
        assert draft.version is not None
        if asset != "quarantined_transactions":
            made[asset] = draft.version.name
    return made


def everything(data_dir: Path) -> None:
    batch(data_dir, *TABLES, "eda_report")
    Ledger(data_dir / "ledger.sqlite").record(
        Delivery("d1", "bank.csv", "accepted", "", 10, 102, "run")
    )


def open_page(view: str) -> AppTest:
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    page.switch_page(view).run()
    assert not page.exception, page.exception
    return page


def test_unreleased_is_none_without_published_data(tmp_path: Path) -> None:
    assert unreleased(Settings(data_dir=tmp_path)) is None
    assert list(tmp_path.iterdir()) == []


def test_unreleased_has_published_versions_and_currency(tmp_path: Path) -> None:
    everything(tmp_path)
    found = unreleased(Settings(data_dir=tmp_path))
    assert found is not None
    assert found.versions.keys() == TABLES.keys() | {"eda_report"}
    assert (found.kind, found.currency, found.number_format) == (KIND, "INR", "lakh")


def test_unreleased_excludes_a_report_of_other_rows(tmp_path: Path) -> None:
    """A second batch that fails after cleaning leaves the first batch's report."""
    everything(tmp_path)
    batch(tmp_path, "quarantined_transactions", "cleaned_transactions", raw="raw-2")
    found = unreleased(Settings(data_dir=tmp_path))
    assert found is not None
    assert found.versions.keys() == {"cleaned_transactions", "quarantined_transactions"}


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("assets", [[*TABLES, "eda_report"], ["quarantined_transactions"]])
def test_pages_work_before_the_first_release(data_dir: Path, view: str, assets: list[str]) -> None:
    batch(data_dir, *assets)
    page = open_page(view)
    assert len(page.title) == 1
    assert page.info or page.warning


def test_overview_shows_deliveries_and_row_outcomes(data_dir: Path) -> None:
    everything(data_dir)
    page = open_page("views/overview.py")
    assert [(box.label, box.value) for box in page.metric] == [
        ("Customers", "60"),
        ("Money", "INR 4,500"),
        ("Money per customer", "INR 75"),
        ("With more than one transaction", "50.0%"),
    ]
    assert page.dataframe[0].value["File"].tolist() == ["bank.csv"]
    assert page.table[0].value.to_numpy().tolist() == [
        ["Kept", "", "90"],
        ["Quarantined", "Invalid amount", "12"],
    ]


def test_explore_shows_report_and_empty_columns(data_dir: Path) -> None:
    everything(data_dir)
    page = open_page("views/explore.py")
    assert page.selectbox(key="table").value == "genders"
    assert any("always empty: balance" in one.value for one in page.caption)


def test_rfm_page_shows_the_classic_groups(data_dir: Path) -> None:
    everything(data_dir)
    page = open_page("views/rfm_grid.py")
    assert page.table[0].value.to_numpy().tolist() == [["Lost", "40"], ["At risk", "20"]]
