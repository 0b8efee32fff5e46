"""Tests of the page of customers who may be about to leave."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from bankseg_assets.attrition.rankings import ranking_at_cut
from bankseg_assets_tests.app.customers import MAIN
from bankseg_assets_tests.app.publishing import publish
from bankseg_assets_tests.value.documents import value_document
from bankseg_assets_tests.value.simulated import simulate

ROWS: list[dict[str, Any]] = [
    {
        **{"rank": number, "customer_id": f"C{number}", "reason": "Silent for 40 days"},
        **{"next_step": "Call", "risk": 0.5, "money_at_risk": 1_000.0 / number, "recency": 40},
    }
    for number in range(1, 41)
]


def opened(data_dir: Path, *, tested: bool = True, rows: list[dict[str, Any]] = ROWS) -> AppTest:
    followed = simulate(20_000, days=150).followed if tested else None
    test = ranking_at_cut(followed, 300, 150, with_model=True).to_json()
    document = value_document() | {"attrition": test}
    publish(data_dir, {"watch_list": rows}, {"value_model": document})
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    page.switch_page("views/watch.py").run()
    assert not page.exception, page.exception
    return page


def test_watch_page_has_customers_and_quality(data_dir: Path) -> None:
    page = opened(data_dir)
    assert "ranked by the model" in page.success[0].value
    steps, first, quality = (table.value for table in page.table)
    assert steps["Customers"].tolist() == ["40"]
    assert len(first) == 25
    assert first["Customer"][0] == "C1"
    assert quality["Ranking"][0] == "Model (BG/NBD) (used)"
    log = "".join(file.read_text() for file in (data_dir / "audit").rglob("*") if file.is_file())
    assert "25 customers shown" in log


def test_watch_page_leaves_out_customers_who_object(data_dir: Path) -> None:
    folder = data_dir / "objections"
    folder.mkdir()
    (folder / "objections.csv").write_text("customer_id\nC1\n", encoding="utf-8")
    (folder / "objections.csv.done").touch()
    assert opened(data_dir).table[1].value["Customer"][0] == "C2"


def test_watch_page_says_why_it_is_not_tested(data_dir: Path) -> None:
    page = opened(data_dir, tested=False)
    assert "by recency and value" in page.warning[0].value


def test_watch_page_follows_the_setting_of_customers(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BANKSEG_CUSTOMER_PAGE", "false")
    publish(data_dir)
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    assert not page.exception
