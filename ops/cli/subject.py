"""Show what is held on a customer: `bankseg subject ID [--json]`, or the ID from standard input.

For a request of access. The output has personal data: write it to a file that only you can read.
"""

import argparse
import json
import sqlite3
import sys
from collections.abc import Sequence

from bankseg_assets.contracts.delivery import ContractError, load_contract
from bankseg_assets.privacy.look_ups import record_look_up
from bankseg_assets.privacy.objections import ObjectionsError
from bankseg_assets.privacy.tombstones import TombstoneError
from bankseg_assets.runtime.settings import SettingsError, load_settings
from ops.exit_codes import reports


@reports(SettingsError, ContractError, ObjectionsError, TombstoneError, sqlite3.Error, OSError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; return the exit code."""
    options = _parser().parse_args(arguments)
    one = sys.stdin.readline().strip() if options.id == "-" else options.id
    from bankseg_assets.erasure.subject import held_on, in_words
    from ops.cli.customer_keys import key_finder

    settings = load_settings()
    contract = load_contract(settings.contract)
    keys_of = key_finder(settings, contract)
    held = held_on(settings, contract, one, keys_of)
    result = f"{sum(map(len, held.tables.values())):,} rows"
    record_look_up(settings.data_dir, held.customer_id, why=options.reason, result=result)
    if options.json:
        print(json.dumps(held.as_document(), ensure_ascii=False, indent=2))
    else:
        print(in_words(held), end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bankseg subject", description="Show everything that is held on a customer."
    )
    add = parser.add_argument
    add("id", metavar="ID", help="the bank's ID of the customer; - reads it from standard input")
    add("--json", action="store_true", help="every row as JSON, also those of delivered files")
    add("--reason", default="", help="the reason, for the audit log; without customer data")
    return parser


if __name__ == "__main__":
    sys.exit(main())
