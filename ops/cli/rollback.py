"""List the releases, or go back to an earlier one: `bankseg rollback [--to NAME | --list]`.

Takes well under a second: no table is copied; a new release refers to the older versions.
"""

import argparse
import sqlite3
import sys
from collections.abc import Sequence

from bankseg_assets.privacy.audit import Event, note
from bankseg_assets.release.releases import ReleaseError, all_releases, note_refusal, roll_back
from bankseg_assets.runtime.settings import SettingsError, load_settings
from bankseg_assets.storage.version_store import VersionStore
from ops.exit_codes import reports


@reports(SettingsError, ReleaseError, sqlite3.OperationalError)
def main(arguments: Sequence[str] | None = None) -> int:
    """List the releases or roll back; return the exit code."""
    options = _parser().parse_args(arguments)
    settings = load_settings()
    if options.list:
        for release in all_releases(settings.published_dir):
            print(f"{release.name}  {release.created_at}  {release.kind}  {release.note}".rstrip())
        return 0
    store = VersionStore(settings.published_dir, settings.keep_versions)
    found = roll_back(store, options.to, options.note)
    note_refusal(settings.published_dir, None)
    note(settings.audit_dir, Event("rollback", on=found.name, why=options.note, result=found.note))
    print(f"In use: {found.name}. {found.note}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bankseg rollback", description="Return to an earlier release."
    )
    parser.add_argument(
        "--to", default="", help="a release's name or its beginning (default: the previous one)"
    )
    parser.add_argument("--note", default="", help="the reason, for the record")
    parser.add_argument("--list", action="store_true", help="list the releases and change nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
