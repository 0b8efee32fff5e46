"""Remove what is older than its limit: `bankseg retain`; `--dry-run` only counts it.

The limits are settings (BANKSEG_RETAIN_...); without any, everything is kept. The release in use
serves on; the next batch counts everything again.
"""

import argparse
import sqlite3
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bankseg_assets.contracts.delivery import ContractError, load_contract
from bankseg_assets.runtime.settings import SettingsError, load_settings
from bankseg_assets.storage.run_lock import RunInProgressError
from ops.exit_codes import reports

# Importing pyarrow takes a second; the help must not wait for it.
if TYPE_CHECKING:
    from bankseg_assets.erasure.retention import Retained

NO_LIMIT = (
    "The settings have no limit, so everything is kept. Set one of BANKSEG_RETAIN_..., see "
    "docs/how-to/retention.md."
)


@reports(SettingsError, ContractError, RunInProgressError, sqlite3.Error, OSError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Remove or count; return the exit code."""
    options = _parser().parse_args(arguments)
    from bankseg_assets.cleaning.ages import write_rows_before
    from bankseg_assets.erasure.limits import limits_of
    from bankseg_assets.erasure.retention import retain
    from ops.cli.spark_session import spark_session

    settings = load_settings()
    limits = limits_of(settings)
    if not limits.any:
        print(NO_LIMIT)
        return 0
    contract = load_contract(settings.contract)
    done = retain(
        *(settings, contract, limits),
        lambda *given: write_rows_before(spark_session(settings), contract, *given),
        dry_run=options.dry_run,
        why=options.reason,
    )
    print(summary(done))
    return 0


def summary(done: "Retained") -> str:
    """Return what was removed, or would be, as lines."""
    lines = [f"Transactions before {done.kept_from} are not kept."] if done.kept_from else []
    for place in done.places:
        counts = [f"{place.rows:,} rows"] if place.rows else []
        counts += [f"{place.files:,} files"] if place.files else []
        limit = f" (limit: {place.note})" if place.note else ""
        lines.append(f"{place.name}: {', '.join(counts)}{limit}")
    if not done.places:
        lines.append("Nothing is older than its limit.")
    lines += [f"{url}: {what}" for url, what in done.exports.items()]
    lines += done.notes
    if done.report is None:
        return "\n".join(["Dry run: nothing is removed.", *lines])
    lines.append(f"Report: {done.report}")
    if done.rows:
        lines.append(
            "The release in use serves on. The next batch counts everything again: run "
            "`make materialize`, unless `make run` serves, which starts one."
        )
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bankseg retain", description="Remove what is older than the limits of the settings."
    )
    add = parser.add_argument
    add("--dry-run", action="store_true", help="only count what would be removed")
    add("--reason", default="", help="the reason, for the audit log")
    return parser


if __name__ == "__main__":
    sys.exit(main())
