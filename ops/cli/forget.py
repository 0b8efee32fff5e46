"""Erase customers: `bankseg forget ID`, `--file ids.txt`, or `--file -` for standard input.

Rows are removed from originals, records, quarantine, every kept version, releases, lists and copies
at URLs. The release in use serves on; the next batch computes everything again. `--verify` only
searches. Exit code 1 if an ID is still found somewhere.
"""

import argparse
import sqlite3
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bankseg_assets.contracts.delivery import ContractError, load_contract
from bankseg_assets.privacy.tombstones import TombstoneError
from bankseg_assets.runtime.settings import SettingsError, called_from, load_settings
from bankseg_assets.storage.run_lock import RunInProgressError
from ops.exit_codes import FAILED, reports

# Importing pyarrow takes a second; the help must not wait for it.
if TYPE_CHECKING:
    from bankseg_assets.erasure.forget import Erased


class NoCustomerError(ValueError):
    """No customer was named; the message says how to."""


@reports(
    *(SettingsError, ContractError, NoCustomerError, RunInProgressError, TombstoneError),
    *(sqlite3.Error, OSError),
)
def main(arguments: Sequence[str] | None = None) -> int:
    """Erase the customers, or search for them; return the exit code."""
    options = _parser().parse_args(arguments)
    ids = customers(options.id, options.file)
    from bankseg_assets.erasure.forget import forget, remains, search_notes
    from ops.cli.customer_keys import ids_of_persons, key_finder

    settings = load_settings()
    contract = load_contract(settings.contract)
    if options.person:
        given = len(ids)
        ids = ids_of_persons(settings, contract, ids)
        print(f"IDs of the same persons: {len(ids) - given:,} more.", file=sys.stderr)
    if options.verify:
        found = remains(settings, contract, ids)
        print("\n".join([*(found or ["No ID was found."]), *search_notes(ids)]))
        return FAILED if found else 0
    print("Erasing ...", file=sys.stderr, flush=True)
    erased = forget(
        settings,
        contract,
        ids,
        keys_of=key_finder(settings, contract),
        why=options.reason,
        urls=options.export,
    )
    print(_summary(erased))
    return FAILED if erased.remaining else 0


def customers(given: Sequence[str], file: str) -> list[str]:
    """Return the IDs of the arguments and of a file, one in each line; `-` is standard input.

    Raises NoCustomerError if there is none.
    """
    lines: list[str] = []
    if file == "-":
        lines = sys.stdin.read().splitlines()
    elif file:
        lines = (called_from() / file).read_text(encoding="utf-8-sig").splitlines()
    found = [one for one in (*given, *lines) if one.strip()]
    if not found:
        raise NoCustomerError(
            "No customer was named: give an ID, or a file with one ID in each line by --file "
            "(`-` for standard input, which other users of the machine cannot see)."
        )
    return found


def _summary(erased: "Erased") -> str:
    lines = [
        f"{place.name}: {place.rows:,} rows, {place.files:,} files" for place in erased.plan.places
    ]
    lines = lines or ["No row of the customers was found."]
    lines += [f"{url}: {done}" for url, done in erased.exports.items()]
    lines += erased.plan.notes
    if erased.remaining:
        lines += ["Still found:", *(f"  {line}" for line in erased.remaining)]
    else:
        lines.append("A search of all bytes below the data folder found no ID.")
    lines.append(f"Certificate: {erased.certificate}")
    lines.append(
        "The release in use serves on. The next batch computes everything again without the "
        "customers: run `make materialize`."
    )
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bankseg forget", description="Erase customers from everything that is kept."
    )
    add = parser.add_argument
    add("id", nargs="*", help="customer IDs, as the bank numbers its customers")
    add("--file", default="", help="a file with one ID in each line; - for standard input")
    add(
        "--person",
        action="store_true",
        help="also other IDs of the same person, by the contract's customer_key",
    )
    add("--reason", default="", help="the reason, for the audit log; without customer data")
    add(
        "--export",
        action="append",
        default=[],
        metavar="URL",
        help="a copy of releases at a URL that was made before URLs were recorded",
    )
    add("--verify", action="store_true", help="search all bytes for the IDs, and change nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
