"""The command line, `./bankseg COMMAND`: imports the command's module and calls its `main`.

Nothing else is imported, so that each command loads only what it needs and the help loads nothing.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from ops.exit_codes import report

# Command -> (module, description). The module's `main` takes the arguments after the command.
COMMANDS = {
    "score": ("ops.cli.score", "the segment of each customer in a list (CSV, CSV.gz, Parquet)"),
    "status": ("ops.cli.status", "what is in use, what came in, what runs"),
    "deliveries": ("ops.cli.deliveries", "every file that came in, and what became of its rows"),
    "contract": (
        "ops.cli.contract",
        "a contract for a bank's file: proposed from it, or tried on it",
    ),
    "withdraw": ("ops.cli.withdraw", "an accepted file is taken back, as if it had never arrived"),
    "quarantine": ("ops.cli.quarantine", "the quarantined rows, to correct and deliver again"),
    "rollback": ("ops.cli.rollback", "an earlier release is in use again"),
    "export": ("ops.cli.export", "a copy of the release at a URL: s3, gs, abfs, hdfs, file"),
    "fetch": ("ops.cli.fetch", "the newest release at a URL, for a machine that only serves"),
    "serve-api": ("ops.api.server", "the scoring API alone, until Ctrl-C"),
}
HELP = ("-h", "--help", "help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in HELP:
        print(usage())
        return 0
    if given[0] not in COMMANDS:
        return report(f"{given[0]!r} is no command.\n{usage()}")
    module = import_module(COMMANDS[given[0]][0])
    try:
        code: int = module.main(given[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def usage() -> str:
    """Return the list of commands."""
    lines = [f"  bankseg {name:10} {does}" for name, (_, does) in COMMANDS.items()]
    return "\n".join([*lines, "  bankseg COMMAND --help   what it takes"])


if __name__ == "__main__":
    sys.exit(main())
