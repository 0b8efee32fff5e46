"""Every page in a real browser, in desktop and phone width, light and dark: click, type, upload and
download. All tests share one server and one browser, over the demo batch.
"""

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Locator, Page, Position, expect

from bankseg_assets.release.releases import current_release
from bankseg_assets_tests.app.full_release import complete
from bankseg_assets_tests.app.serving import TIMEOUT, serve
from bankseg_assets_tests.browser import open_browser
from bankseg_assets_tests.running import Platform

DESK, PHONE = 1280, 390
LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((DESK, "light"), (PHONE, "dark"))
TITLES = {
    "": "Overview",
    "segments": "Segments",
    "rfm_grid": "RFM grid",
    "campaign": "Campaign lists",
    "value": "Value",
    "watch": "Watch list",
    "campaigns": "Campaigns",
    "changes": "Changes",
    "trends": "Trends",
    "customer": "Find a customer",
    "new_customer": "New customer",
    "batch": "Score a list",
    "explore": "Explore",
    "quality": "Quality",
    "check_file": "Check a file",
    "deliveries": "Data",
    "health": "Health",
    "about": "About",
}
IN_ID: Position = {"x": 30, "y": 52}  # of a table whose first column holds IDs
TRIES, TRY_TIMEOUT = 6, 5000  # milliseconds
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
WRONG = '[data-testid="stException"], [data-testid="stAlertContentError"]'
TOO_WIDE = """() => {
    const main = document.querySelector('[data-testid="stMain"]');
    return Math.max(main.scrollWidth - main.clientWidth,
                    document.documentElement.scrollWidth - innerWidth);
}"""
CUT = """() => {
    const main = document.querySelector('[data-testid="stMain"]');
    const shown = [...main.querySelectorAll('*')].filter(one => one.getClientRects().length);
    const cut = shown.filter(one => one.scrollWidth > one.clientWidth + 1
        && getComputedStyle(one).textOverflow === 'ellipsis');
    const outside = shown.filter(one => {
        const chart = one.closest('.js-plotly-plot');
        if (one.tagName !== 'text' || !chart) return false;
        const [text, box] = [one.getBoundingClientRect(), chart.getBoundingClientRect()];
        return text.left < box.left - 2 || text.right > box.right + 2;
    });
    return [...cut, ...outside].map(one => one.textContent.trim()).filter(Boolean);
}"""
"""Texts that end in dots, or beyond the edge of their chart."""
BRIGHTNESS = """() => {
    const colour = getComputedStyle(document.querySelector('[data-testid="stApp"]'));
    return Math.max(...colour.backgroundColor.match(/\\d+/g).slice(0, 3).map(Number));
}"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(batch: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a copy of the batch with the flows and drift of a second release; yield the address."""
    data_dir = tmp_path_factory.mktemp("browser") / "data"
    shutil.copytree(batch.settings.data_dir, data_dir)
    complete(data_dir / "published")
    with serve(data_dir) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as found:
        expect.set_options(timeout=TIMEOUT * 1000)
        yield found


@pytest.fixture(scope="module")
def visits(browser: Browser) -> dict[tuple[int, str], Page]:
    """One tab per width and colour scheme, reused for all pages."""
    return {
        (width, scheme): browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        for width, scheme in LOOKS
    }


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    """A new tab in desktop width."""
    page = browser.new_page(viewport={"width": DESK, "height": 1600})
    page.set_default_timeout(TIMEOUT * 1000)
    yield page
    page.close()


def visit(page: Page, address: str, path: str) -> None:
    page.goto(f"{address}/{path}")
    expect(page.get_by_role("heading", level=1, name=TITLES[path], exact=True)).to_be_visible()
    idle(page)


def idle(page: Page) -> None:
    """Wait until the script has finished and its output is drawn."""
    expect(page.locator(IDLE)).to_be_attached()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def downloaded(page: Page, button: str) -> pd.DataFrame:
    """Press a button and return the downloaded CSV."""
    with page.expect_download() as download:
        page.get_by_role("button", name=button).first.click()
    return pd.read_csv(io.BytesIO(Path(download.value.path()).read_bytes()))


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("path", TITLES)
def test_page_fits_and_shows_no_error(
    visits: dict[tuple[int, str], Page], address: str, path: str, width: int, scheme: str
) -> None:
    page = visits[width, scheme]
    visit(page, address, path)
    expect(page.locator(".js-plotly-plot:visible svg.main-svg:empty")).to_have_count(0)
    assert page.locator(WRONG).count() == 0, page.locator(WRONG).all_inner_texts()
    assert page.evaluate(TOO_WIDE) <= 0
    assert page.evaluate(CUT) == []
    assert (page.evaluate(BRIGHTNESS) > 200) == (scheme == "light")


def test_navigation_reaches_every_page(desk: Page, address: str) -> None:
    visit(desk, address, "")
    desk.get_by_test_id("stTopNavSection").get_by_text("Data and model").click()
    desk.get_by_test_id("stTopNavDropdownLink").get_by_text("Quality").click()
    expect(desk.get_by_role("heading", level=1, name="Quality")).to_be_visible()
    expect(desk).to_have_url(f"{address}/quality")


def test_navigation_opens_on_a_phone(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": PHONE, "height": 800})
    visit(page, address, "")
    menu = page.get_by_test_id("stMainMenu").bounding_box()  # a logo that is too wide displaces it
    assert menu is not None
    assert menu["x"] + menu["width"] <= PHONE
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("link", name="Segments").click()
    expect(page.get_by_role("heading", level=1, name="Segments")).to_be_visible()
    page.close()


def test_click_on_a_cell_shows_and_lists_its_customers(desk: Page, address: str) -> None:
    visit(desk, address, "rfm_grid")
    desk.locator(".st-key-rfm_box_5_1 button:visible").click()
    expect(desk.get_by_role("heading", level=3).first).to_contain_text("1 transaction, 0 to")
    idle(desk)
    customers = desk.get_by_test_id("stMetricValue").first.inner_text()
    members = downloaded(desk, "Customers of this cell (CSV)")
    assert len(members) == int(customers.replace(",", ""))
    assert members["customer_id"].is_unique
    assert {"segment", "confidence", "action", "held_out_of_campaign"} <= set(members)


def test_renamed_segment_has_its_name_in_its_list(desk: Page, address: str) -> None:
    visit(desk, address, "segments")
    before = desk.get_by_role("heading", level=3).first.inner_text()
    for name in ("Our first segment", ""):
        desk.get_by_role("button", name="Details").first.click()
        desk.get_by_label("Name of this segment in the bank", exact=True).fill(name)
        desk.get_by_role("button", name="Rename").click()
        expect(desk.get_by_role("heading", level=3).first).to_have_text(name or before)
        idle(desk)
        assert set(downloaded(desk, "Customers (CSV)")["segment"]) == {name or before}


def test_report_opens_on_the_page(desk: Page, address: str) -> None:
    visit(desk, address, "about")
    desk.get_by_role("button", name="Model card").click()
    card = desk.get_by_role("dialog").frame_locator("iframe")
    expect(card.get_by_role("heading").first).to_be_visible()


def test_answer_to_typed_values(desk: Page, address: str) -> None:
    visit(desk, address, "new_customer")
    desk.get_by_label("Number of transactions", exact=True).fill("1")
    desk.get_by_label("Sum of the amounts (INR)", exact=True).fill("12")
    desk.get_by_role("button", name="Find the segment").click()
    expect(desk.get_by_text("Most likely segment")).to_be_visible()
    expect(desk.get_by_text("Because", exact=False).first).to_be_visible()
    desk.get_by_label("Number of transactions", exact=True).fill("-1")
    desk.get_by_role("button", name="Find the segment").click()
    expect(desk.get_by_text("must be from 1 to")).to_be_visible()
    expect(desk.get_by_text("Most likely segment")).to_have_count(0)
    desk.get_by_label("Number of transactions", exact=True).fill("1")
    desk.get_by_label("Sum of the amounts (INR)", exact=True).fill("1,23,456")
    desk.get_by_label("Sum of the amounts (INR)", exact=True).press("Enter")
    expect(desk.get_by_text("INR 1,23,456").first).to_be_visible()
    desk.get_by_role("button", name="Next customer").click()
    expect(desk.get_by_label("Sum of the amounts (INR)", exact=True)).to_have_value("")
    expect(desk.get_by_text("The answer appears here.")).to_be_visible()


def test_customer_is_found_without_a_trace_in_the_browser(
    visits: dict[tuple[int, str], Page], address: str, batch: Platform
) -> None:
    release = current_release(batch.settings.published_dir)
    assert release is not None
    file = release.files("customer_segments")[0]
    customer_id = pq.read_table(file, columns=["customer_id"])["customer_id"][0].as_py()
    for page in visits.values():
        visit(page, address, "customer")
        entries = page.evaluate("history.length")
        page.get_by_label("Customer ID", exact=True).fill(customer_id)
        page.get_by_label("Customer ID", exact=True).press("Enter")
        expect(page.get_by_role("heading", name="Transactions by month")).to_be_visible()
        idle(page)
        assert page.locator(WRONG).count() == 0
        assert page.evaluate(TOO_WIDE) <= 0
        assert (page.url, page.evaluate("history.length")) == (f"{address}/customer", entries)


def test_segment_list_is_downloaded(desk: Page, address: str) -> None:
    visit(desk, address, "segments")
    name = desk.get_by_role("heading", level=3).first.inner_text()
    found = downloaded(desk, "Customers (CSV)")
    assert set(found["segment"]) == {name}
    assert len(found) > 10
    assert 0 < found["held_out_of_campaign"].mean() < 0.5


def test_win_back_list_is_two_clicks_from_the_start(desk: Page, address: str) -> None:
    visit(desk, address, "")
    desk.get_by_role("link", name="Customer list").first.click()
    expect(desk.get_by_role("heading", level=1, name="Campaign lists")).to_be_visible()
    idle(desk)
    found = downloaded(desk, "CSV")
    assert found["monetary"].is_monotonic_decreasing
    assert 0 < len(found) <= 500


def test_template_can_be_filled_and_uploaded(desk: Page, address: str, tmp_path: Path) -> None:
    visit(desk, address, "batch")
    template = downloaded(desk, "Template with the columns (CSV)")
    path = tmp_path / "filled.csv"
    pd.concat([template, template]).to_csv(path, index=False)
    upload(desk, path)
    result = downloaded(desk, "The whole list with its segments (CSV)")
    assert len(result) == 2
    assert result["segment_name"].notna().all()


def test_faulty_row_is_corrected_on_the_page(desk: Page, address: str, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    rows = ["customer_id,frequency,monetary,branch", "A,2,900,Pune", "B,zero,450,Goa", "C,1,,Goa"]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    visit(desk, address, "batch")
    upload(desk, path)
    expect(desk.get_by_test_id("stMetricValue").nth(2)).to_have_text("1")
    errors = downloaded(desk, "Only the rows with errors (CSV)")
    assert errors["customer_id"].tolist() == ["B"]
    before = downloaded(desk, "The whole list with its segments (CSV)")
    assert before["segment"].isna().tolist() == [False, True, False]
    assert before["error"][1].startswith("Row 3: Number of transactions must be from 1 to")

    cell = opened(desk, desk.get_by_test_id("stDataFrame").first)
    cell.fill("3")
    desk.keyboard.press("Enter")
    expect(cell).to_have_count(0)
    desk.get_by_role("button", name="Score these rows again").click()
    expect(desk.get_by_test_id("stMetricValue").nth(2)).to_have_text("0")
    after = downloaded(desk, "The whole list with its segments (CSV)")
    assert after["segment"].notna().all()
    assert after["frequency"].tolist() == [2, 3, 1]
    assert after["branch"].tolist() == ["Pune", "Goa", "Goa"]
    assert after["customer_id"].tolist() == ["A", "B", "C"]


def upload(page: Page, path: Path) -> None:
    page.locator('input[type="file"]').set_input_files(path)
    expect(page.get_by_role("heading", name="Result")).to_be_visible()
    idle(page)


def opened(page: Page, table: Locator) -> Locator:
    """Return the editor of the cell next to the ID, in the first row of a table.

    The table accepts a click only after mouse movement, and moves the focus to the selected cell
    0.2 s later. Each step waits for that; on a busy machine one may still be lost, and all steps
    are retried.
    """
    identity, wrong = (table.get_by_test_id(f"glide-cell-{column}-0") for column in (0, 1))
    editor = page.locator(".gdg-input")
    expect(identity).to_be_attached()
    for _ in range(TRIES):
        table.hover(position=IN_ID)
        table.click(position=IN_ID)
        try:
            expect(identity).to_be_focused(timeout=TRY_TIMEOUT)
            page.keyboard.press("ArrowRight")
            expect(wrong).to_be_focused(timeout=TRY_TIMEOUT)
            page.keyboard.press("Enter")
            expect(editor).to_be_visible(timeout=TRY_TIMEOUT)
            break
        except AssertionError:
            page.keyboard.press("Escape")  # closes the editor
            page.keyboard.press("Escape")  # clears the selection
    expect(editor).to_be_visible()
    return editor
