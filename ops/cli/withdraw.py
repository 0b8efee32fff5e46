"""Withdraw an accepted file, or undo it: `bankseg withdraw SHA [--reason ...] [--undo]`.

The file stays in the archive; from the next batch on it is excluded from all tables. Delivering a
copy does not restore it; --undo does.
"""

import argparse
import sqlite3
import sys
from collections.abc import Sequence

from bankseg_assets.landing.ledger import SHORT_DIGITS, Delivery, Ledger, WithdrawalError
from bankseg_assets.privacy.audit import Event, note
from bankseg_assets.runtime.settings import Settings, SettingsError, load_settings
from ops.exit_codes import reports


@reports(SettingsError, WithdrawalError, sqlite3.Error)
def main(arguments: Sequence[str] | None = None) -> int:
    """Withdraw or restore the file; return the exit code."""
    options = _parser().parse_args(arguments)
    settings = load_settings()
    found = _changed(settings, options)
    action = "withdrawal undone" if options.undo else "withdraw"
    note(settings.audit_dir, Event(action, on=found.sha256, why=options.reason, result="done"))
    what = "accepted again" if options.undo else "withdrawn"
    print(
        f"{found.file_name} ({found.short}, {found.records:,} rows) is {what}. The next batch "
        "applies this: run `make materialize`, or wait for the sensor while the platform runs."
    )
    return 0


def _changed(settings: Settings, options: argparse.Namespace) -> Delivery:
    path = settings.holdings_ledger_path if options.holdings else settings.ledger_path
    if not path.exists():  # opening it would create it
        raise WithdrawalError(f"No file has been delivered yet: {path} does not exist.")
    ledger = Ledger(path)
    if options.undo:
        return ledger.undo_withdrawal(options.sha)
    return ledger.withdraw(options.sha, options.reason)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bankseg withdraw", description="Withdraw an accepted file; it stays in the archive."
    )
    add = parser.add_argument
    add(
        "sha",
        metavar="SHA",
        help=f"the file's SHA-256, or its first {SHORT_DIGITS} digits or more, as "
        "`bankseg deliveries` lists it",
    )
    add("--reason", default="", help="the reason, for the record")
    add("--undo", action="store_true", help="accept a withdrawn file again")
    add("--holdings", action="store_true", help="a file of product holdings")
    return parser


if __name__ == "__main__":
    sys.exit(main())
