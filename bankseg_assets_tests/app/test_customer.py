"""Tests of the page of one customer."""

from decimal import Decimal
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from bankseg_assets_tests.app.customers import MAIN
from bankseg_assets_tests.app.one_customer import (
    HISTORY,
    HOLDER,
    OTHER,
    object_to_marketing,
    publish_customers,
    release_again,
    segment_values,
)

PAGE = "views/customer.py"


def looked_up(customer_id: str) -> AppTest:
    """Open the page and enter an ID."""
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    page.switch_page(PAGE).run()
    page.text_input(key="customer_looked_up").set_value(customer_id).run()
    assert not page.exception, page.exception
    return page


def texts(page: AppTest) -> str:
    """Return what the page says, without tables."""
    found = (*page.header, *page.subheader, *page.markdown, *page.caption, *page.info)
    return "\n".join(one.value for one in (*found, *page.warning, *page.error))


def test_nothing_is_recommended_to_who_objects(data_dir: Path) -> None:
    publish_customers(data_dir, **segment_values(0))
    object_to_marketing(data_dir, HOLDER)
    page = looked_up(HOLDER)
    said = texts(page)
    assert "The customer objects to marketing, so nothing is recommended." in said
    assert "Why this segment" in said
    for recommended in ("Call them", "Offer next", "Credit card", "As one of the group"):
        assert recommended not in said
    assert [one.proto.label for one in page.get("page_link")] == ["The segment's card"]


def test_customer_has_segment_reasons_and_next_steps(data_dir: Path) -> None:
    publish_customers(data_dir, **segment_values(0))
    release_again(data_dir, monetary=Decimal(6000), frequency=3)
    page = looked_up(HOLDER.lower())
    said = texts(page)
    assert page.header[0].value == "Frequent spenders"
    assert "Because the number of transactions is high" in said
    assert "Call them 1" in said
    assert "What would move the customer" in said
    assert "**1. Credit card**" in said
    assert "Current account" in said
    figures = {one.label: one.value for one in page.metric}
    assert figures == {
        "RFM group": "At risk",
        "Last transaction": "80 days ago",
        "Money": "INR 6,000",
    }
    assert page.metric[0].delta == "recency 1, frequency 5 of 5"
    links = [link.proto.label for link in page.get("page_link")]
    assert links == ["The segment's card", "Campaign list: At risk"]
    assert page.get("page_link")[0].proto.query_string == "segment=1"
    tables = [table.value for table in page.table]
    assert tables[0]["Customer"].tolist() == ["3", "INR 2,000"]
    assert tables[1]["Segment"].tolist() == ["Frequent spenders (moved)", "Small spenders"]
    assert tables[2]["Transactions"].tolist() == ["2", "0", "1"]


def test_customer_has_forecasts_with_intervals(data_dir: Path) -> None:
    publish_customers(data_dir, **HISTORY)
    page = looked_up(HOLDER)
    assert "Still active with a probability of **75.0%**" in texts(page)
    (row,) = page.table[1].value.to_dict("records")
    assert row == {
        "Next": "90 days",
        "Days with transactions": "1.20 (0 to 3)",
        "Money, INR": "470",
    }
    assert "four of five such customers" in texts(page)


def test_customer_of_older_release_has_no_forecasts(data_dir: Path) -> None:
    publish_customers(data_dir)
    assert "What comes next" not in texts(looked_up(HOLDER))


def test_customer_is_in_no_address(data_dir: Path) -> None:
    publish_customers(data_dir)
    page = looked_up(HOLDER)
    assert not page.query_params


def test_customer_without_products_or_months_is_shown(data_dir: Path) -> None:
    publish_customers(data_dir)
    said = texts(looked_up("C50"))
    assert "No products are recommended" in said
    assert "no transactions of this customer" in said


def test_unknown_customer_gets_next_step_without_id(data_dir: Path) -> None:
    publish_customers(data_dir)
    page = looked_up("C4711")
    assert "Expected the ID as the bank's files have it" in page.warning[0].value
    assert "C4711" not in texts(page)


def test_empty_field_asks_for_an_id(data_dir: Path) -> None:
    publish_customers(data_dir)
    assert "The customer appears here" in texts(looked_up("  "))


def test_unreadable_table_names_the_next_step(data_dir: Path) -> None:
    publish_customers(data_dir)
    for file in (data_dir / "published" / "product_recommendations").rglob("*.parquet"):
        file.write_bytes(b"PAR1")
    page = looked_up(OTHER)
    assert "The product_recommendations of the release" in page.error[0].value
    assert OTHER not in texts(page)


def test_setting_switches_the_page_off(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_customers(data_dir)
    monkeypatch.setenv("BANKSEG_CUSTOMER_PAGE", "false")
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        page.switch_page(PAGE)


def test_row_of_a_scored_list_leads_to_the_customer(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_customers(data_dir)
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    page.switch_page("views/batch.py").run()
    content = f"customer_id,frequency,monetary\n{OTHER},1,3\n{HOLDER},7,900\n".encode()
    page.file_uploader[0].upload("list.csv", content, "text/csv").run()
    assert "Select a row" in texts(page)
    page.session_state["rows"] = {"selection": {"rows": [1], "columns": []}}
    page.run()
    page.button(key="find_this_customer").click().run()
    assert page.header[0].value == "Frequent spenders"
    assert page.text_input(key="customer_looked_up").value == HOLDER
    assert not page.query_params
