"""Copy the current release to a URL: `bankseg export s3://bucket/bankseg`.

Files that exist at the URL are skipped. `bankseg fetch` copies the release to other machines.
"""

import argparse
import sys
from collections.abc import Sequence

from bankseg_assets.privacy.audit import Event, note
from bankseg_assets.runtime.settings import SettingsError, load_settings
from bankseg_assets.storage.run_lock import held_by_run
from bankseg_assets.storage.version_store import DamagedVersionError
from ops.exit_codes import report, reports


@reports(SettingsError, DamagedVersionError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Copy the release; return the exit code."""
    options = parser("bankseg export", "Copy the release in use to a URL.").parse_args(arguments)
    # Importing pyarrow takes a second; the help must not wait for it.
    from bankseg_assets.erasure.exports import record_url
    from bankseg_assets.release.remote_copy import MirrorError, export, without_secrets

    settings = load_settings()
    try:
        record_url(settings.privacy_dir, without_secrets(options.url))
        with held_by_run(settings.published_dir):  # no erasure rewrites what is copied
            done = export(settings.published_dir, options.url, options.only)
    except (MirrorError, OSError) as error:
        return report(error)
    note(settings.audit_dir, Event("export", on=done.release, result=options.url))
    print(f"Copied {done.release}. {done.versions} versions sent, {done.n_bytes:,} bytes.")
    return 0


def parser(command: str, does: str) -> argparse.ArgumentParser:
    """Return the argument parser of this command and of `bankseg fetch`."""
    found = argparse.ArgumentParser(prog=command, description=does)
    found.add_argument(
        "url", help="s3://, gs://, abfs://, hdfs:// or file:///; secrets come from the environment"
    )
    found.add_argument(
        "--only",
        nargs="+",
        default=(),
        metavar="ASSET",
        help="copy only these assets of the release; nb_classifier is enough to score",
    )
    return found


if __name__ == "__main__":
    sys.exit(main())
