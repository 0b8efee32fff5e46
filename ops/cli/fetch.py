"""Copy the newest release at a URL into the data folder: `bankseg fetch s3://bucket/bankseg`.

For a machine that only serves: the app, the API and `bankseg score` use the copy. Schedule it as
often as new models should be fetched; if there is no newer one, nothing is copied.
"""

import sys
from collections.abc import Sequence

from bankseg_assets.runtime.settings import SettingsError, load_settings
from bankseg_assets.storage.run_lock import held_by_run
from bankseg_assets.storage.version_store import DamagedVersionError, VersionStore
from ops.cli.export import parser
from ops.exit_codes import report, reports


@reports(SettingsError, DamagedVersionError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Copy the release; return the exit code."""
    does = "Copy the newest release from a URL to this machine."
    options = parser("bankseg fetch", does).parse_args(arguments)
    # Importing pyarrow takes a second; the help must not wait for it.
    from bankseg_assets.release.remote_copy import MirrorError, fetch

    try:
        settings = load_settings()
        store = VersionStore(settings.published_dir, settings.keep_versions)
        with held_by_run(settings.published_dir):
            done = fetch(options.url, store, options.only)
    except (MirrorError, OSError) as error:
        return report(error)
    print(f"In use: {done.release}. {done.versions} versions were copied, {done.n_bytes:,} bytes.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
