"""The command line, `./bankseg COMMAND`: imports the command's module and calls its `main`.

Little else is imported, so that each command loads only what it needs.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from ops.cli.access import refused_command
from ops.exit_codes import report

# Command -> (module, description). The module's `main` takes the arguments after the command.
COMMANDS = {
    "score": ("ops.cli.score", "predict the segment of customers in a list (CSV, XLSX, Parquet)"),
    "campaign": ("ops.cli.campaign", "list the customers of a group or segment for a campaign"),
    "campaigns": (
        "ops.cli.campaigns",
        "make campaigns with a control group, and show their effect",
    ),
    "trends": ("ops.cli.trends", "show or write the figures of all releases"),
    "status": ("ops.cli.status", "show health, release, deliveries, servers and disk"),
    "alerts": ("ops.cli.alerts", "list the last alerts, or send a test alert"),
    "deliveries": ("ops.cli.deliveries", "list delivered files with row counts and status"),
    "contract": (
        "ops.cli.contract",
        "suggest a contract from a bank's file, or check one against it",
    ),
    "withdraw": ("ops.cli.withdraw", "withdraw an accepted file, or undo a withdrawal"),
    "quarantine": ("ops.cli.quarantine", "write the quarantined rows for correction"),
    "rollback": ("ops.cli.rollback", "return to an earlier release"),
    "approve": ("ops.cli.approve", "release the model that awaits approval"),
    "decline": ("ops.cli.decline", "decline the model that awaits approval"),
    "forget": ("ops.cli.forget", "erase customers from everything that is kept"),
    "retain": ("ops.cli.retain", "remove what is older than the limits of the settings"),
    "subject": ("ops.cli.subject", "show everything that is held on a customer"),
    "audit": ("ops.cli.audit", "show who did what, or check the audit log"),
    "evidence": ("ops.cli.evidence", "write the evidence of a release as one archive"),
    "export": ("ops.cli.export", "copy the release to a URL: s3, gs, abfs, hdfs, file"),
    "fetch": ("ops.cli.fetch", "copy the newest release from a URL to a serving machine"),
    "dg": ("ops.cli.dg", "Dagster's own command line, on this platform: check, list, launch, dev"),
    "serve-api": ("ops.api.server", "run the scoring API until Ctrl-C"),
}
HELP = ("-h", "--help", "help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in HELP:
        print(usage())
        return 0
    if given[0] not in COMMANDS:
        return report(f"unknown command {given[0]!r}.\n{usage()}")
    if given[1:2] not in (["-h"], ["--help"]) and (why := refused_command(*given[:2])):
        return report(why)
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
    return "\n".join([*lines, "  bankseg COMMAND --help   arguments and options"])


if __name__ == "__main__":
    sys.exit(main())
