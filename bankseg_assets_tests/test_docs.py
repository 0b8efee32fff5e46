"""Checks of the links in README.md, CONTRIBUTING.md and docs/."""

import re
from pathlib import Path

import pytest

from bankseg_assets_tests.docs.pages import PAGES, ROOT, name_of, without_blocks

LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?[^)]*\)")
MAX_README_LINES = 160
MAX_CONTRIBUTING_LINES = 80


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=name_of)
def test_docs_links_point_to_files(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link, _ in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_docs_links_point_to_headings(page: Path) -> None:
    for link, anchor in LINK.findall(without_blocks(page)):
        target = (page.parent / link) if link else page
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{link}#{anchor}"


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", without_blocks(page), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


def test_index_links_to_every_page() -> None:
    """Decision records are reached through their own index."""
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link).resolve() for link, _ in LINK.findall(index.read_text("utf-8"))}
    records = {page for page in PAGES if re.match(r"\d", page.name)}
    assert {*PAGES} - records - linked - {index, ROOT / "README.md"} == set()


def test_readme_and_contributing_are_short() -> None:
    for name, most in (
        ("README.md", MAX_README_LINES),
        ("CONTRIBUTING.md", MAX_CONTRIBUTING_LINES),
    ):
        assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= most
