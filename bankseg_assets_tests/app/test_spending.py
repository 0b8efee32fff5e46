"""Pages, lists and tables show spending and income if the direction of amounts is known."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.panels.changes import as_table as moves
from app.panels.profiles import SPENDING_NOTE, index_bars, overview, profile
from app.panels.rfm import as_table, boxes
from app.widgets.charts import paired_bars
from app.widgets.measures import label, written
from app.widgets.numbers import Numbers
from bankseg_assets.campaigns.audiences import cell
from bankseg_assets.campaigns.customer_list import Choice, make_list
from bankseg_assets.release.releases import current_release
from bankseg_assets.scoring.bundle import bundle_from, load_bundle
from bankseg_assets_tests.app.customers import tables
from bankseg_assets_tests.app.odd_models import SPENDING
from bankseg_assets_tests.app.panels.test_changes import FLOWS
from bankseg_assets_tests.app.publishing import model, publish

MAIN = Path(__file__).parents[2] / "app" / "main.py"
SEGMENTS = bundle_from(model(**SPENDING)).segments
SMALL = SEGMENTS[0]
WINDOW = {"amount_total": 18e6, "customers": 884265, "repeat_customers": 442133}
PROFILES = [
    {
        "segment": number,
        "customers": 2_000,
        "total_monetary": spent,
        "total_income": income,
        "people": "",
    }
    for number, (spent, income) in enumerate([(1e6, 5e6), (2e6, 0.0), (3e6, 7e6)])
]


def open_page(view: str) -> AppTest:
    page = AppTest.from_file(str(MAIN), default_timeout=60).run()
    page.switch_page(f"views/{view}.py").run()
    assert not page.exception, page.exception
    return page


def text_of(page: AppTest) -> str:
    elements = [*page.markdown, *page.caption, *page.info, *page.header]
    return "\n".join(str(element.value) for element in elements)


def test_overview_page_shows_spending_beside_income(data_dir: Path) -> None:
    report = {"overview": [WINDOW | {"amount_total": 6e6}], "directions": []}
    publish(data_dir, {"segment_profiles": PROFILES}, {"eda_report": report}, **SPENDING)
    page = open_page("overview")
    assert {box.label: box.value for box in page.metric} == {
        "Customers": "884,265",
        "Spending": "INR 6 million",
        "Spending per customer": "INR 7",
        "Income": "INR 12 million",
        "With more than one spending transaction": "50.0%",
    }
    assert "Lower bar: share of the spending." in text_of(page)


def test_overview_page_of_unknown_direction(data_dir: Path) -> None:
    publish(data_dir, {"segment_profiles": PROFILES}, {"eda_report": {"overview": [WINDOW]}})
    page = open_page("overview")
    assert [box.label for box in page.metric] == [
        *("Customers", "Money", "Money per customer", "With more than one transaction"),
    ]
    assert "Lower bar: share of the money." in text_of(page)


def test_segments_page_shows_spending_and_income(data_dir: Path) -> None:
    publish(data_dir, {"segment_profiles": PROFILES}, **SPENDING)
    page = open_page("segments")
    assert [(one.label, one.value) for one in page.metric][:2] == [
        ("Customers", "2,000"),
        ("Spending", "INR 1 million"),
    ]
    page.button(key="details_1").click().run()
    assert "Hardly any income." in text_of(page)
    page.button(key="details_0").click().run()
    assert "**INR 5 million** of income." in text_of(page)
    assert SPENDING_NOTE in text_of(page)
    assert page.table[1].value["Measure"].tolist() == [
        *("Number of spending transactions", "Average amount spent", "Age", "Income"),
    ]


@pytest.mark.parametrize("view", ["new_customer", "batch", "segments", "about", "rfm_grid"])
def test_pages_of_unknown_direction_omit_income(data_dir: Path, view: str) -> None:
    publish(data_dir, tables())
    assert "ncome" not in text_of(open_page(view))


def test_form_says_that_income_does_not_count(data_dir: Path) -> None:
    publish(data_dir, **SPENDING)
    page = open_page("new_customer")
    assert [field.label for field in page.text_input] == [
        *("Number of spending transactions", "Sum of the spending (INR)"),
    ]
    assert "Count spending only, without income such as a salary." in text_of(page)


def test_list_page_says_that_income_does_not_count(data_dir: Path) -> None:
    publish(data_dir, **SPENDING)
    assert "without income such as salaries" in text_of(open_page("batch"))


def test_about_page_explains_spending_and_income(data_dir: Path) -> None:
    publish(data_dir, **SPENDING)
    meanings = dict(open_page("about").table[0].value.to_numpy().tolist())
    assert meanings["Monetary"] == "Sum of the spending in the data window."
    assert meanings["Income"].startswith("Sum of incoming amounts, such as salaries")


def test_rfm_page_shows_spending(data_dir: Path) -> None:
    publish(data_dir, tables(), **SPENDING)
    page = open_page("rfm_grid")
    said = text_of(page)
    assert "Rows: days since the last spending transaction. Columns: spending transactions." in said
    page.button(key="rfm_box_5_1").click().run()
    assert [box.label for box in page.metric] == ["Customers", "Spending"]


@pytest.mark.parametrize("is_known", [False, True])
def test_campaign_list_carries_income_where_known(data_dir: Path, is_known: bool) -> None:
    """An older release does not have the column, and it is not read."""
    found = tables()
    changes: dict[str, Any] = {}
    if is_known:
        customers = [row | {"income": Decimal("1500.00")} for row in found["customer_segments"]]
        found |= {"customer_segments": customers}
        changes = SPENDING
    bundle = load_bundle(publish(data_dir, found, **changes))
    release = current_release(data_dir / "published")
    assert release is not None
    rows = make_list(release, bundle, cell(5, 1), Choice(), {}).customers
    assert (rows["monetary"] == 900).all()
    assert ("income" in rows) == is_known
    if is_known:
        assert (rows["income"] == 1500).all()


def test_labels_are_of_spending_where_known() -> None:
    assert label("monetary", direction_known=True) == "Sum of the spending"
    assert label("monetary") == "Sum of the amounts"
    assert label("average_balance", direction_known=True) == label("average_balance")
    assert written("income", 2500, Numbers("INR")) == "INR 2,500"
    assert written("frequency", 2500, Numbers("INR")) == "2,500"


def test_tables_and_charts_are_of_spending_where_known() -> None:
    shown = overview(SEGMENTS, direction_known=True)
    assert shown.columns.tolist()[2:] == ["Spending", "Spending per customer (100 = average)"]
    table = profile(SMALL, Numbers("INR"), direction_known=True)
    assert table.to_numpy().tolist()[-1] == ["Income", "INR 2,000", "100"]
    bars = index_bars(SMALL, direction_known=True).data[0]
    assert "Average amount<br>spent" in bars.y
    assert "the spending" in paired_bars(SEGMENTS, direction_known=True).data[1].text[0]
    assert "the money" in paired_bars(bundle_from(model()).segments).data[1].text[0]
    assert moves(FLOWS, Numbers("INR"), direction_known=True).columns.tolist()[-1] == "Spending"
    cells = pd.DataFrame(tables()["rfm_grid"])
    assert as_table(cells, Numbers("INR"), direction_known=True).columns.tolist()[:2] == [
        *("Last spending transaction", "Spending transactions"),
    ]
    grid = boxes(cells, Numbers("INR"), direction_known=True)
    assert grid[0][0].where.startswith("Last spending transaction: ")


@pytest.mark.slow
def test_explore_page_is_of_spending_where_known(data_dir: Path) -> None:
    days = [{"day": f"2016-08-{day:02}", "rows": 30, "amount": 900.0} for day in range(1, 5)]
    tables_of = {"transactions_by_day": days}
    directions = [
        {"direction": "spending", "rows": 120, "amount": 3600.0},
        {"direction": "income", "rows": None, "amount": None},
    ]
    spent = tables_of | {"overview": [WINDOW], "directions": directions}
    publish(data_dir, documents={"eda_report": spent}, **SPENDING)
    page = open_page("explore")
    assert page.selectbox(key="measure_transactions_by_day").options == [
        *("Spending transactions", "Spending"),
    ]
    assert "Spending only" in text_of(page)
    assert page.table[0].value.to_numpy().tolist() == [
        ["Spending", "INR 3,600", "120"],
        ["Income", "—", "—"],
    ]
    publish(data_dir, documents={"eda_report": tables_of | {"overview": [WINDOW]}})
    page = open_page("explore")
    assert page.selectbox(key="measure_transactions_by_day").options == ["Transactions", "Money"]
    assert "pending" not in text_of(page)


def test_overview_page_ignores_a_report_of_both_directions(data_dir: Path) -> None:
    publish(
        data_dir,
        {"segment_profiles": PROFILES},
        {"eda_report": {"overview": [WINDOW]}},
        **SPENDING,
    )
    (spending,) = [box.value for box in open_page("overview").metric if box.label == "Spending"]
    assert spending == "INR 6 million"  # of the segments, not the 18 million of both directions
