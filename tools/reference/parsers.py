"""The argument parsers of `bankseg`, and the targets and variables of the Makefile."""

import argparse
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

from ops.cli.main import COMMANDS

MAKEFILE = Path(__file__).parents[2] / "Makefile"
_TARGET = re.compile(r"^([a-z-]+):.*?## (.*)$", re.MULTILINE)
_DEFAULT = re.compile(r"^([A-Z]+) \?= (.*)$", re.MULTILINE)
_IF_GIVEN = re.compile(r"\$\(if \$\(([A-Z]+)\)|\$\((RENEW)\)")


class _FoundError(Exception):
    """Raised with a command's parser instead of parsing."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        super().__init__(parser.prog)
        self.parser = parser


def command_parser(command: str) -> argparse.ArgumentParser:
    """Return the parser that a command's `main` uses."""

    def found(parser: argparse.ArgumentParser, *_: object, **__: object) -> None:
        raise _FoundError(parser)

    module = import_module(COMMANDS[command][0])
    with patch.object(argparse.ArgumentParser, "parse_args", found):
        try:
            module.main([])
        except _FoundError as error:
            return error.parser
    raise TypeError(f"{module.__name__}.main parses no arguments")


def all_parsers() -> Mapping[str, argparse.ArgumentParser]:
    """Return command -> parser; commands with subcommands are named as in `contract check`."""
    found: dict[str, argparse.ArgumentParser] = {}
    for command in COMMANDS:
        parser = command_parser(command)
        inner = subcommands(parser)
        found |= {f"{command} {name}": one for name, one in inner.items()} or {command: parser}
    return found


def subcommands(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    """Return the parsers of the subcommands, if any."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def make_targets() -> Mapping[str, str]:
    """Return target -> description."""
    return dict(_TARGET.findall(MAKEFILE.read_text(encoding="utf-8")))


def make_variables() -> Mapping[str, str]:
    """Return variable -> default, empty for none."""
    text = MAKEFILE.read_text(encoding="utf-8")
    given = {name: "" for found in _IF_GIVEN.findall(text) for name in found if name}
    return dict(_DEFAULT.findall(text)) | given
