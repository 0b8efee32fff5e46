"""A session in a real browser: get an answer, then switch to a new model."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from bankseg_assets.storage.documents import DOCUMENT_FILE
from bankseg_assets_tests.app.customers import tables
from bankseg_assets_tests.app.publishing import publish
from bankseg_assets_tests.app.serving import TIMEOUT, serve
from bankseg_assets_tests.browser import open_browser, open_page

pytestmark = pytest.mark.browser
HAND_MS = 3000
"""What a hand needs from the keyboard to a button; the page is drawn again within it."""


@pytest.fixture
def address(data_dir: Path) -> Iterator[str]:
    """Serve the app over `data_dir`; yield its address."""
    with serve(data_dir) as found:
        yield found


def test_session_gets_an_answer_and_then_the_new_model(data_dir: Path, address: str) -> None:
    publish(data_dir)
    with open_page() as page:
        page.set_default_timeout(TIMEOUT * 1000)
        expect.set_options(timeout=TIMEOUT * 1000)
        hosts: set[str] = set()
        page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
        page.goto(f"{address}/new_customer")

        transactions = page.get_by_label("Number of transactions", exact=True)
        amount = page.get_by_label("Sum of the amounts (INR)", exact=True)
        transactions.fill("4")
        amount.fill("900.50")
        page.get_by_role("button", name="Find the segment").click()
        expect(page.get_by_role("heading", name="Frequent spenders")).to_be_visible()
        expect(page.get_by_text(">99.9% probable. Second")).to_be_visible()
        expect(page.get_by_text("Answered by model first")).to_be_visible()
        answer = page.locator(".st-key-answer")
        expect(answer).to_have_css("opacity", "1")
        amount.press_sequentially("1")  # not read yet: the answer is of another amount
        expect(answer).to_have_css("opacity", "0.35")
        amount.press("Backspace")
        amount.press("Enter")
        expect(answer).to_have_css("opacity", "1")

        # Typed but not submitted: it must be kept when the model changes.
        transactions.fill("7")
        publish(data_dir, version="second", prior=[0.4, 0.4, 0.2])
        expect(page.get_by_text("A newer version of the segments is available")).to_be_visible()
        expect(page.get_by_text("Answered by model first")).to_be_visible()
        page.get_by_role("button", name="Show the newer version").click()
        expect(page.get_by_text("Answered by model second")).to_be_visible()
        expect(transactions).to_have_value("7")
        expect(amount).to_have_value("900.50")

        # A damaged model is reported, and the answer stays.
        (publish(data_dir, version="third") / DOCUMENT_FILE).write_text("{", encoding="utf-8")
        expect(page.get_by_text("The newest model cannot be used")).to_be_visible()
        expect(page.get_by_text("Answered by model second")).to_be_visible()
        expect(transactions).to_have_value("7")
        expect(page.get_by_role("button", name="Show the newer version")).to_have_count(0)

    assert hosts == {address.removeprefix("http://")}  # nothing leaves the machine


@pytest.mark.parametrize("link", ["segments/x", "nosuch"])
def test_wrong_link_gets_a_page_that_leads_on(data_dir: Path, address: str, link: str) -> None:
    publish(data_dir)
    with open_page() as page:
        page.set_default_timeout(TIMEOUT * 1000)
        expect.set_options(timeout=TIMEOUT * 1000)
        page.goto(f"{address}/{link}")
        expect(page.get_by_role("heading", name="This page does not exist")).to_be_visible()
        expect(page.get_by_text(f"/{link}", exact=True)).to_be_visible()
        page.get_by_role("link", name="Segments: whom to target").click()
        expect(page.get_by_role("heading", level=1, name="Segments")).to_be_visible()
        expect(page).to_have_title("Segments · Customer segments")


def test_back_leaves_the_grid_after_taps_on_a_phone(data_dir: Path, address: str) -> None:
    """Each tap answers at once, and adds no entry to the browser's history."""
    publish(data_dir, tables())
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True)
        page.set_default_timeout(TIMEOUT * 1000)
        expect.set_options(timeout=TIMEOUT * 1000)
        page.goto(f"{address}/segments")
        expect(page.get_by_role("heading", level=1, name="Segments")).to_be_visible()
        page.goto(f"{address}/rfm_grid?rfm_recency=5&rfm_frequency=1")
        customers = page.get_by_test_id("stMetricValue").first
        expect(customers).to_have_text("50")
        for cell, count in (("1_1", "34"), ("5_1", "50")):
            page.locator(f".st-key-rfm_box_{cell} button:visible").tap()
            expect(customers).to_have_text(count)
        page.go_back()
        expect(page).to_have_url(f"{address}/segments")


def test_link_to_a_page_asks_for_nothing_that_is_missing(data_dir: Path, address: str) -> None:
    publish(data_dir, tables())
    with open_page() as page:
        page.set_default_timeout(TIMEOUT * 1000)
        expect.set_options(timeout=TIMEOUT * 1000)
        missing: list[str] = []
        page.on("response", lambda one: missing.append(one.url) if one.status >= 400 else None)
        page.goto(f"{address}/segments?segment=1")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.goto(f"{address}/quality")
        expect(page.get_by_role("heading", level=1, name="Quality")).to_be_visible()
        page.get_by_test_id("stTopNavSection").get_by_text("Customers").click()
        page.get_by_test_id("stTopNavDropdownLink").get_by_text("RFM grid").click()
        expect(page.get_by_role("heading", level=1, name="RFM grid")).to_be_visible()
        expect(page).to_have_url(f"{address}/rfm_grid")
        assert missing == []


@pytest.mark.parametrize("path", ["campaign", "rfm_grid"])
def test_action_of_a_group_is_in_sight_on_a_phone(data_dir: Path, address: str, path: str) -> None:
    publish(data_dir, tables())
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True)
        page.set_default_timeout(TIMEOUT * 1000)
        page.goto(f"{address}/{path}")
        action = page.get_by_role("cell", name="Win them back with a personal offer")
        expect(action).to_be_visible(timeout=TIMEOUT * 1000)
        place = action.bounding_box()
        assert place is not None
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= 390
        assert place["width"] > 300  # a line of its own


def test_download_waits_for_a_name_that_is_typed(data_dir: Path, address: str) -> None:
    """Pressed at once, it would draw the control group of the previous name."""
    publish(data_dir, tables())
    with open_page() as page:
        page.set_default_timeout(TIMEOUT * 1000)
        expect.set_options(timeout=TIMEOUT * 1000)
        page.goto(f"{address}/campaign")
        files = page.locator(".st-key-list_files")
        expect(files).to_have_css("pointer-events", "auto")
        name = page.get_by_label("Name of the campaign", exact=True)
        name.press_sequentially("Spring")
        expect(files).to_have_css("pointer-events", "none")
        name.press("Enter")
        page.wait_for_timeout(HAND_MS)
        expect(files).to_have_css("pointer-events", "auto")
        with page.expect_download() as download:
            page.get_by_role("button", name="Details of the list (JSON)").click()
        assert '"campaign": "Spring"' in Path(download.value.path()).read_text(encoding="utf-8")
