"""Release the model that awaits approval: `bankseg approve --reason TEXT [--candidate NAME]`.

The page Approval compares it with the model in use.
"""

import argparse
import sqlite3
import sys
from collections.abc import Sequence

from bankseg_assets.privacy.audit import acting
from bankseg_assets.release.candidates import ApprovalError, approve
from bankseg_assets.runtime.settings import SettingsError, load_settings
from bankseg_assets.storage.version_store import VersionStore
from ops.exit_codes import reports


@reports(SettingsError, ApprovalError, sqlite3.OperationalError, OSError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Approve the candidate; return the exit code."""
    options = parser("bankseg approve", "Release the model that awaits approval.").parse_args(
        arguments
    )
    settings = load_settings()
    store = VersionStore(settings.published_dir, settings.keep_versions)
    found = approve(store, acting(), options.reason, options.candidate)
    print(
        f"In use: {found.name}. It has the data of the candidate; if files arrived since, run "
        "`make materialize`, which applies the model to them."
    )
    return 0


def parser(command: str, does: str) -> argparse.ArgumentParser:
    """Return the argument parser of this command and of `bankseg decline`."""
    found = argparse.ArgumentParser(prog=command, description=does)
    found.add_argument("--reason", required=True, help="the reason, for the audit log")
    found.add_argument(
        "--candidate",
        default="",
        metavar="NAME",
        help="the candidate that was reviewed, as `bankseg status` names it, so that no other is "
        "decided on",
    )
    return found


if __name__ == "__main__":
    sys.exit(main())
