"""The generated parts of docs/ are those that the code gives."""

from pathlib import Path

import pytest

from bankseg_assets_tests.docs.pages import PAGES, name_of
from ops.cli.main import COMMANDS
from tools.reference import parsers
from tools.reference.decisions import DECISIONS
from tools.reference.pages import PARTS, rendered

GENERATED = [page for page in PAGES if "<!-- generated: " in page.read_text(encoding="utf-8")]
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("page", GENERATED, ids=name_of)
def test_page_is_what_the_code_gives(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert rendered(text) == text, "run make docs"


def test_every_part_is_on_a_page() -> None:
    texts = "".join(page.read_text(encoding="utf-8") for page in GENERATED)
    assert [part for part in PARTS if f"<!-- generated: {part} -->" not in texts] == []


def test_every_command_explains_itself() -> None:
    for command, parser in parsers.all_parsers().items():
        assert parser.description, command
        unexplained = [action.dest for action in parser._actions if not action.help]
        assert unexplained == [], command
    assert {command.split()[0] for command in parsers.all_parsers()} == COMMANDS.keys()


def test_settings_have_a_meaning() -> None:
    empty = [row for row in PARTS["settings"]().splitlines() if row.endswith("| |")]
    assert empty == [], "write a text below the field of Settings"


def test_decisions_are_numbered_by_their_file() -> None:
    for record in sorted(DECISIONS.glob("[0-9]*.md")):
        title = record.read_text(encoding="utf-8").partition("\n")[0]
        assert title.startswith(f"# {int(record.name[:4])}. "), record.name
