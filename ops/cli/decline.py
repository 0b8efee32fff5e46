"""Decline the model that awaits approval: `bankseg decline --reason TEXT [--candidate NAME]`."""

import sys
from collections.abc import Sequence

from bankseg_assets.privacy.audit import acting
from bankseg_assets.release.candidates import ApprovalError, decline
from bankseg_assets.runtime.settings import SettingsError, load_settings
from bankseg_assets.storage.version_store import VersionStore
from ops.cli.approve import parser
from ops.exit_codes import reports


@reports(SettingsError, ApprovalError, OSError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Decline the candidate; return the exit code."""
    does = "Decline the model that awaits approval; the model in use stays."
    options = parser("bankseg decline", does).parse_args(arguments)
    settings = load_settings()
    store = VersionStore(settings.published_dir, settings.keep_versions)
    found = decline(store, acting(), options.reason, options.candidate)
    print(f"Declined: {found.name}. The model in use stays.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
