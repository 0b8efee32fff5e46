"""Tests of finding the commands in a page."""

import pytest

from bankseg_assets_tests.docs.pages import Block, words


def test_commands_are_joined_and_without_comments() -> None:
    text = "# first\nmake env   # packages\n\ntar --create \\\n  --file x.tar data\n"
    assert Block("page", 1, "sh", text).commands == ["make env", "tar --create --file x.tar data"]


@pytest.mark.parametrize(
    ("command", "calls"),
    [
        ("A=1 BC=~/x make run", [["make", "run"]]),
        (
            "cat ids.txt | ./bankseg forget --file -",
            [["cat", "ids.txt"], ["./bankseg", "forget", "--file", "-"]],
        ),
        ("./bankseg quarantine > rows.csv", [["./bankseg", "quarantine"]]),
        ('./bankseg campaign "At risk"', [["./bankseg", "campaign", "At risk"]]),
        ("export HOME=$PWD/x && ls", [["export", "HOME=$PWD/x"], ["ls"]]),
    ],
)
def test_words_are_those_of_each_program(command: str, calls: list[list[str]]) -> None:
    assert list(words(command)) == calls
