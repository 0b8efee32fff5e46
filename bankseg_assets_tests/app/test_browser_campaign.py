"""The way of a marketer in a real browser: group, value, campaign, next month's file, result."""

import csv
import io
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from bankseg_assets.defs.build import resources
from bankseg_assets.defs.resources import SparkResource
from bankseg_assets.runtime.settings import Settings
from bankseg_assets_tests.app.serving import TIMEOUT, serve
from bankseg_assets_tests.app.test_browser_pages import DESK, PHONE, TOO_WIDE, WRONG, idle
from bankseg_assets_tests.browser import open_browser
from bankseg_assets_tests.running import Platform, run_platform

pytestmark = pytest.mark.browser
MEASURED_DAYS = 30
DATE, ID, CUSTOMER, AMOUNT = 6, 0, 1, 8
"""Columns of a demo file."""


@pytest.fixture
def settings(batch: Platform, tmp_path: Path) -> Settings:
    """The settings of a copy of the demo batch."""
    found = Settings(data_dir=tmp_path / "data")
    shutil.copytree(batch.settings.data_dir, found.data_dir)
    return found


def test_marketer_measures_a_campaign(settings: Settings, spark_resource: SparkResource) -> None:
    with serve(settings.data_dir) as address:
        with open_tab() as desk:
            treated, held_out = make_campaign(desk, address)
        assert len(treated) > len(held_out) > 10
        assert not set(treated) & set(held_out)
        # Dagster has an event loop, and so has the browser: one after the other.
        deliver_next_month(settings, treated, held_out)
        assert run_platform(resources(settings, spark=spark_resource), job="refresh").success
        with open_tab() as desk:
            read_result(desk, address)


@contextmanager
def open_tab() -> Iterator[Page]:
    """Yield a tab of a new browser in desktop width."""
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": DESK, "height": 1600})
        page.set_default_timeout(TIMEOUT * 1000)
        expect.set_options(timeout=TIMEOUT * 1000)
        yield page


def make_campaign(page: Page, address: str) -> tuple[list[str], list[str]]:
    """Find a group, see its value, make a campaign; return the IDs of both arms."""
    page.goto(f"{address}/rfm_grid")
    expect(page.get_by_role("heading", name="Groups", exact=True)).to_be_visible()
    page.get_by_test_id("stTopNavSection").get_by_text("Customers").click()
    page.get_by_test_id("stTopNavDropdownLink").get_by_text("Value").click()
    expect(page.get_by_role("heading", level=1, name="Value")).to_be_visible()
    expect(page.get_by_text("90 days after the snapshot").first).to_be_visible()
    page.goto(f"{address}/rfm_grid")
    page.get_by_role("link", name="Win-back list").click()
    expect(page.get_by_role("heading", level=1, name="Campaign lists")).to_be_visible()
    idle(page)
    page.get_by_label("Name of the campaign", exact=True).fill("Autumn")
    page.get_by_label("Name of the campaign", exact=True).press("Enter")
    idle(page)
    page.get_by_label("Goal", exact=True).fill("A second payment")
    page.get_by_label("Held out, %", exact=True).fill("30")
    page.get_by_role("button", name="Check the campaign").click()
    expect(page.get_by_text("To contact", exact=True)).to_be_visible()
    idle(page)
    page.get_by_role("button", name="Make the campaign").click()
    expect(page.get_by_role("heading", level=1, name="Campaigns")).to_be_visible()
    expect(page.get_by_text("The campaign Autumn was made")).to_be_visible()
    idle(page)
    return ids(page, "Customers to contact (CSV)"), ids(page, "Held out, to exclude (CSV)")


def ids(page: Page, button: str) -> list[str]:
    """Press a button and return the customers of the downloaded file."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    content = Path(download.value.path()).read_bytes()
    return pd.read_csv(io.BytesIO(content))["customer_id"].tolist()


def deliver_next_month(settings: Settings, treated: Sequence[str], held_out: Sequence[str]) -> None:
    """Drop a file in which those who were contacted spend more, on all days of the campaign."""
    (before,) = settings.landing_dir.glob("demo_transactions*.csv")
    with before.open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    known = {fields[CUSTOMER]: fields for fields in lines}
    first = max(date_of(fields[DATE]) for fields in lines if len(fields) > AMOUNT)
    amounts = dict.fromkeys(treated, 900) | dict.fromkeys(held_out, 100)
    rows = []
    for number, (customer, amount) in enumerate(sorted(amounts.items())):
        fields = list(known[customer])
        day = first + timedelta(days=1 + number % MEASURED_DAYS)
        fields[ID], fields[AMOUNT] = f"DT8{number:06d}", str(amount + number % 50)
        fields[DATE] = f"{day.day}/{day.month}/{day:%y}"
        rows.append(fields)
    path = settings.landing_dir / "demo_transactions_next.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    path.with_name(f"{path.name}.done").touch()


def date_of(text: str) -> date:
    """Return the date of a demo file, such as 2/8/16; the first day of all for another text."""
    parts = [int(part) for part in text.split("/") if part.isdigit()]
    try:
        return date(2000 + parts[2], parts[1], parts[0])
    except (IndexError, ValueError):
        return date.min


def read_result(page: Page, address: str) -> None:
    """Read the result at both widths, and download its report."""
    page.goto(f"{address}/campaigns")
    expect(page.get_by_text("The campaign worked").first).to_be_visible()
    expect(page.get_by_role("heading", name="Effect over time")).to_be_visible()
    idle(page)
    assert page.locator(WRONG).count() == 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (HTML)").click()
    report = Path(download.value.path()).read_text(encoding="utf-8")
    assert "The campaign worked" in report
    for width in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": 900})
        idle(page)
        assert page.evaluate(TOO_WIDE) <= 0
