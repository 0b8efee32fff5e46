"""Examples in docstrings (`>>>`) give what they show."""

import doctest
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("app", "bankseg_assets", "ops", "tools")
# Only these modules are imported: pytest's own `--doctest-modules` imports all.
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if "    >>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("module", MODULES)
def test_docstring_examples_give_what_they_show(
    module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = doctest.testmod(import_module(module))
    assert result.attempted, "the example is in no docstring"
    assert not result.failed, capsys.readouterr().out
