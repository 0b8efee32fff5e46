"""The commands of `make` and `bankseg`, from the Makefile and the argument parsers."""

import argparse
from collections.abc import Iterator

from ops.cli.main import COMMANDS
from tools.reference import parsers
from tools.reference.markdown import paragraphs, table

_HELP = ("-h", "--help")


def make_targets() -> str:
    """Return a table of the targets."""
    found = parsers.make_targets()
    return table(("target", "does"), ((f"`make {name}`", does) for name, does in found.items()))


def make_variables() -> str:
    """Return a table of the variables."""
    found = parsers.make_variables()
    return table(
        ("variable", "default"),
        ((f"`{name}`", f"`{default}`" if default else "") for name, default in found.items()),
    )


def commands() -> str:
    """Return a table of the commands."""
    return table(
        ("command", "does"), ((f"`bankseg {name}`", does) for name, (_, does) in COMMANDS.items())
    )


def options() -> str:
    """Return a section with the arguments of each command."""
    return "\n\n".join(_section(name, one) for name, one in parsers.all_parsers().items())


def _section(name: str, parser: argparse.ArgumentParser) -> str:
    said = [*paragraphs(parser.description), *paragraphs(parser.epilog)]
    rows = list(_rows(parser))
    listed = [table(("argument", "meaning"), rows)] if rows else []
    return "\n\n".join([f"### `bankseg {name}`", *filter(None, said), *listed])


def _rows(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if _HELP[0] in action.option_strings:
            continue
        names = ", ".join(f"`{name}`" for name in action.option_strings or (_place(action),))
        takes = f" `{_value(action)}`" if action.option_strings and action.nargs != 0 else ""
        yield names + takes, (action.help or "") % {"default": action.default, "prog": parser.prog}


def _place(action: argparse.Action) -> str:
    return str(action.metavar or action.dest)


def _value(action: argparse.Action) -> str:
    if action.choices is not None:
        return " or ".join(map(str, action.choices))
    shown = action.metavar or action.dest.upper()
    return shown if isinstance(shown, str) else shown[0]
