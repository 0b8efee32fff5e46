"""Every page can be drawn from incomplete and unusual releases."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from bankseg_assets_tests.app.odd_models import ODD, ONE_CUSTOMER, ONE_SEGMENT
from bankseg_assets_tests.app.one_segment import documents, tables
from bankseg_assets_tests.app.publishing import publish

ROOT = Path(__file__).parents[2]
VIEWS = sorted(
    f"views/{file.name}"
    for file in (ROOT / "app" / "views").glob("*.py")
    if file.name != "not_found.py"  # shows nothing of a release
)


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
def test_page_draws_a_release_with_only_the_model(data_dir: Path, view: str) -> None:
    publish(data_dir)
    page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
    page.switch_page(view).run()
    assert not page.exception, page.exception
    assert len(page.title) == 1
    assert any("Snapshot of 22 October 2016" in caption.value for caption in page.caption)


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
def test_page_without_a_release_says_what_to_do(data_dir: Path, view: str) -> None:
    page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
    page.switch_page(view).run()
    assert not page.exception, page.exception
    assert any("make run" in info.value for info in page.info)


@pytest.mark.slow
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("view", VIEWS)
def test_page_draws_an_unusual_model(data_dir: Path, view: str, odd: str) -> None:
    publish(data_dir, **ODD[odd])
    page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
    page.switch_page(view).run()
    assert not page.exception, page.exception
    assert len(page.title) == 1
    assert not page.error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "money", "changes"),
    [(500, "500", ONE_SEGMENT), (3, "500", ONE_CUSTOMER), (500, "-20.5", ONE_SEGMENT)],
)
@pytest.mark.parametrize("view", VIEWS)
def test_page_draws_a_release_of_one_segment(
    data_dir: Path, view: str, count: int, money: str, changes: dict[str, Any]
) -> None:
    publish(data_dir, tables(count, Decimal(money)), documents(count), **changes)
    page = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
    page.switch_page(view).run()
    assert not page.exception, page.exception
    assert len(page.title) == 1
    assert not page.error
