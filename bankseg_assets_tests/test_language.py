"""Source, documents and pages use the terms of the field, not idioms of our own."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLACES = (
    *("bankseg_assets", "bankseg_assets_tests", "app", "ops", "tools", "docs", "deploy"),
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile"),
    *("contract.toml", "pyproject.toml"),
)
SUFFIXES = {".py", ".md", ".toml", ".yaml", ".json", ""}
INSTEAD = {
    r"told|(?<!few\sto\s)tells?|telling": "report, record, show; distinguish; inform",
    "anew|once more": "again; recomputed, rebuilt",
    "nobody|somebody|whoever": "no one, users, callers, or the name of the role",
    "of before|the one before": "previous",
    "aside": "quarantined; ignored",
    "lets? out|put into use": "released, promoted",
    "judge[sd]?|judging|judge?ments?": "evaluate, validate, metrics",
    "mend(?:s|ed|ing)?": "repair, fix",
    "takes? (?:them|it|him|her) for|taken for": "predicts; predicted as, counted as",
    "all the same": "anyway, nevertheless",
    "holds? still": "is unchanged; its size is stable",
    "ha(?:s|ve) not (?:a|an|any|the|one|all)": "does not have, lacks",
    r"(?<!here\s)(?:is|are) no(?! (?:longer|cheaper|better|worse|more|less))": "is not a",
    "honest(?:ly|y)?|obituar(?:y|ies)|coldest|hottest": "calibrated; exit report; minimum, maximum",
}
"""Idiom -> what to write. Names are searched as well: `_` and digits end a word."""
ALLOWED = {
    "bankseg_assets_tests/test_language.py": ".*",  # lists the idioms
    "bankseg_assets_tests/deploy/nginx.py": "nobody",  # the name of a Unix user
}


def texts(place: str) -> Iterator[tuple[str, str]]:
    """Yield the name and content of the text files of a folder, or of a single file."""
    start = ROOT / place
    for path in sorted(start.rglob("*")) if start.is_dir() else [start]:
        if path.suffix in SUFFIXES and path.is_file() and "__pycache__" not in path.parts:
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def idioms(name: str, text: str) -> Iterator[str]:
    """Yield a line for each idiom in a text that is not allowed there."""
    for pattern, instead in INSTEAD.items():
        spaced = pattern.replace(" ", r"\s+")
        for found in re.finditer(rf"(?<![a-z])(?:{spaced})(?![a-z])", text, re.IGNORECASE):
            idiom = " ".join(found[0].split())
            if not re.fullmatch(ALLOWED.get(name, ""), idiom, re.IGNORECASE):
                line = text.count("\n", 0, found.start()) + 1
                yield f"{name}:{line}: {idiom!r}; write: {instead}"


@pytest.mark.parametrize("place", PLACES)
def test_text_has_no_idioms(place: str) -> None:
    found = [line for name, text in texts(place) for line in idioms(name, text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("text", ["n_counted_anew = 1", "It is\nno number.", "rows Set  aside"])
def test_idiom_is_found_in_names_and_across_lines(text: str) -> None:
    assert len(list(idioms("x.py", text))) == 1


@pytest.mark.parametrize(
    "text", ["recommended", "There is no file.", "It is not changed", "It is no longer used"]
)
def test_plain_text_has_no_idiom(text: str) -> None:
    assert not list(idioms("x.py", text))
