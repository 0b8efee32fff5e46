"""Commands in pages are valid: their syntax, the commands of `bankseg`, the targets of `make`."""

import re
import subprocess
from pathlib import Path

import pytest

from bankseg_assets_tests.docs.pages import (
    PAGES,
    Block,
    blocks,
    inline_code,
    name_of,
    without_blocks,
    words,
)
from tools.reference import parsers

LANGUAGES = ("sh", "text", "yaml", "json", "toml", "mermaid")
SHELL_BLOCKS = [block for page in PAGES for block in blocks(page) if block.is_shell]
BANKSEG = ("./bankseg", "bankseg")
# A decision record says what was true when it was made.
PRESENT = [page for page in PAGES if page.parent.name != "decisions"]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_code_is_in_fences_with_a_language(page: Path) -> None:
    """Otherwise its commands are not found, and not run."""
    assert {block.language for block in blocks(page)} <= {*LANGUAGES}
    loose = re.findall(r"^(?:\t| {4,})\S.*$", without_blocks(page), re.MULTILINE)
    assert [line for line in loose if not line.lstrip().startswith(("|", "-"))] == []


@pytest.mark.subprocess
@pytest.mark.parametrize("block", SHELL_BLOCKS, ids=lambda block: block.place)
def test_shell_block_has_valid_syntax(block: Block) -> None:
    checked = subprocess.run(
        ["bash", "-n"], input=block.text, capture_output=True, text=True, check=False
    )
    assert checked.stderr == ""


@pytest.mark.parametrize("block", SHELL_BLOCKS, ids=lambda block: block.place)
def test_shell_block_has_known_commands(block: Block) -> None:
    for command in block.commands:
        for program, *arguments in filter(None, words(command)):
            if program in BANKSEG:
                check_bankseg(arguments)
            if program == "make":
                check_make(arguments)


@pytest.mark.parametrize("page", PRESENT, ids=name_of)
def test_inline_code_has_known_commands(page: Path) -> None:
    """Placeholders may be missing or stand for values, so that only names are checked."""
    for code in inline_code(page):
        program, *arguments = code.split()
        if program in BANKSEG and arguments:
            check_names(arguments, code)
        if program == "make" and arguments:
            check_make([argument.partition('="')[0] for argument in arguments[:1]])


def check_bankseg(arguments: list[str]) -> None:
    """Parse the arguments with the command's own parser, which exits with a message."""
    command, *rest = arguments
    try:
        parsers.command_parser(command).parse_args(rest)
    except SystemExit:
        pytest.fail(f"bankseg {' '.join(arguments)} is not accepted")


def check_names(arguments: list[str], code: str) -> None:
    known = {name.split()[0] for name in parsers.all_parsers()}
    if arguments[0].startswith("-") or arguments[0] == "COMMAND":
        return
    assert arguments[0] in known, code
    found = [one for name, one in parsers.all_parsers().items() if name.split()[0] == arguments[0]]
    options = {option for parser in found for option in parser._option_string_actions}
    assert [one for one in arguments if one.startswith("--") and one not in options] == [], code


def check_make(arguments: list[str]) -> None:
    for argument in arguments:
        name, sign, _ = argument.partition("=")
        known = parsers.make_variables() if sign else parsers.make_targets()
        assert name in known, f"make {argument}"
