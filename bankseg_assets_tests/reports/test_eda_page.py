"""The EDA page is self-contained, shows every section and escapes text of the data."""

from html.parser import HTMLParser
from typing import Any

import pytest

from bankseg_assets.reports.eda_page import eda_page

SCRIPT = "<script>alert(1)</script>"
SECTIONS = [
    *("Missing values", "Amounts", "Balances", "Quantiles", "Outliers", "Correlations", "Days"),
    *("Weekdays", "Hours", "Ages", "Genders", "Locations", "Transactions per customer"),
    *("Identity conflicts", "Quarantined"),
]


def tables() -> dict[str, list[dict[str, Any]]]:
    return {
        "overview": [
            {
                "transactions": 1048567,
                "customers": 884265,
                "amount_total": 1234567.5,
                "first_day": "2016-08-01",
                "last_day": "2016-10-21",
                "repeat_customers": 143612,
                "identity_conflict_share_of_repeat": 0.993,
            }
        ],
        "missing_values": [{"column": "gender", "missing": 1100, "share": 0.00105}],
        "quantiles": [{"measure": "amount", "p5": -0.0, "p50": 459.0}],
        "outliers": [],
        "correlations": [{"a": "log_amount", "b": "log_balance", "pearson": None}],
        "amount_distribution": [{"from": 0.0, "rows": 20}, {"from": 1234.5, "rows": 30}],
        "balance_distribution": [{"from": 10.0, "rows": 50}],
        "age_distribution": [{"age": 26, "rows": 50, "amount": 1.0}],
        "transactions_by_day": [{"day": "2016-08-01", "rows": 50, "amount": 1.0}],
        "transactions_by_weekday": [{"weekday": 7, "rows": 50, "amount": 1.0}],
        "transactions_by_hour": [{"hour": 0, "rows": 50, "amount": 1.0}],
        "genders": [{"gender": "F", "rows": 50, "amount": 1234.5}],
        "locations": [{"location": f"{SCRIPT}&\"'", "rows": 50, "amount": 1.0}],
        "frequencies": [{"frequency": 1, "customers": 50}],
        "quarantine_reasons": [{"disposition": "duplicate", "reason": "duplicate", "rows": 12}],
    }


class Page(HTMLParser):
    """Headings, table cells, text, external resources and unclosed elements of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.cells: list[str] = []
        self.texts: list[str] = []
        self.fetched: list[str] = []
        self.open: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)
        if tag == "link":
            self.fetched.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href", "srcset")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        place = self.open[-1] if self.open else ""
        if place == "h2":
            self.headings.append(data)
        elif place == "td":
            self.cells.append(data)
        if place not in ("script", "style"):
            self.texts.append(data)


@pytest.fixture(scope="module")
def source() -> str:
    return eda_page(tables(), currency="INR")


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def test_page_has_all_sections_and_closed_elements(page: Page) -> None:
    assert page.headings == SECTIONS
    assert page.open == []


def test_page_fetches_nothing(source: str, page: Page) -> None:
    assert page.fetched == []
    assert "@import" not in source[: source.index("<script>")]
    assert source.count("Plotly.newPlot(") == 7  # the library is embedded and called


def test_text_of_data_is_escaped(source: str, page: Page) -> None:
    assert SCRIPT not in source
    assert f"{SCRIPT}&\"'" in page.cells


def test_currency_is_escaped_in_text_and_charts() -> None:
    hostile = eda_page(tables(), currency=SCRIPT)
    assert SCRIPT not in hostile
    assert Page(hostile).headings == SECTIONS


def test_figures_are_readable(page: Page) -> None:
    text = " ".join(page.texts)
    assert "1,048,567 transactions of 884,265 customers, 2016-08-01 to 2016-10-21" in text
    assert "INR 1,234,568 in all. Distributions omit cells that may have fewer " in text
    assert "Of 143,612 customers with two or more transactions, 99.3%" in text
    assert {"1,100", "0.00105", "459.00", "1,234.50"} <= set(page.cells)
    assert "-0" not in page.cells


def test_suppressed_value_is_dash() -> None:
    small = tables()
    small["missing_values"] = [{"column": "gender", "missing": None, "share": None}]
    small["overview"][0] |= {"repeat_customers": None, "identity_conflict_share_of_repeat": None}
    page = Page(eda_page(small, currency="INR"))
    assert page.cells[:3] == ["gender", "–", "–"]  # noqa: RUF001 - a dash
    assert "Too few customers: a share would disclose individuals." in page.texts


def test_page_of_few_customers_has_sentences_only() -> None:
    empty = {name: [] for name in tables()}
    overview = tables()["overview"][0] | {
        **{"transactions": 3, "customers": 2, "amount_total": None},
        **{"last_day": "2016-08-01", "repeat_customers": 0},
        "identity_conflict_share_of_repeat": 0.0,
    }
    source = eda_page(empty | {"overview": [overview]}, currency="INR")
    text = " ".join(Page(source).texts)
    assert "3 transactions of <11 customers, all of 2016-08-01. Distributions" in text
    assert "No customer has two or more transactions" in text
    assert text.count("No data") == 7
    assert "Plotly.newPlot(" not in source


def test_no_row_at_all_has_no_days() -> None:
    overview = tables()["overview"][0] | {"first_day": None, "last_day": None}
    source = eda_page(tables() | {"overview": [overview]}, currency="INR")
    assert "None to None" not in source


def test_refunds_have_bars_below_zero() -> None:
    refunds = [{"from": -1234.5, "rows": 20}, {"from": 0.0, "rows": 30}]
    source = eda_page(tables() | {"amount_distribution": refunds}, currency="INR")
    assert '"-1.23e+03"' in source


def test_empty_table_shows_none(page: Page) -> None:
    assert "None." in page.texts


def test_charts_contain_data(source: str) -> None:
    assert '"Sun"' in source
    assert '"1.23e+03"' in source


def test_eda_page_states_income_apart() -> None:
    assert "Spending and income" not in SECTIONS  # nor where no direction is known
    known = {
        "directions": [
            {"direction": "spending", "rows": 60, "amount": 300.0},
            {"direction": "income", "rows": None, "amount": None},
        ]
    }
    page = Page(eda_page(tables() | known, currency="INR"))
    assert page.headings == ["Spending and income", *SECTIONS]
    text = " ".join(page.texts)
    assert "1,048,567 spending transactions" in text
    assert "income appears only here" in text


def test_removed_transactions_are_named() -> None:
    overview = tables()["overview"][0] | {"removed_before": "2016-09-01"}
    page = Page(eda_page(tables() | {"overview": [overview]}, currency="INR"))
    assert "Transactions before 2016-09-01 were removed for their age" in " ".join(page.texts)
