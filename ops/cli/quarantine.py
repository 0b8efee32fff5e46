"""Write the quarantined rows as CSV for correction and redelivery: `./bankseg quarantine`.

    ./bankseg quarantine > rows.csv

`bankseg_assets.cleaning.quarantine_export` describes the columns.
"""

import argparse
import sys
from collections.abc import Sequence

from bankseg_assets.cleaning.quarantine_export import corrections_csv, quarantined_rows
from bankseg_assets.contracts.delivery import ContractError, load_contract
from bankseg_assets.privacy.look_ups import record_quarantined
from bankseg_assets.runtime.settings import SettingsError, load_settings
from bankseg_assets.storage.version_store import NothingPublishedError, VersionStore
from ops.exit_codes import reports


@reports(SettingsError, ContractError, NothingPublishedError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Write the newest version's rows to stdout and their number to stderr."""
    argparse.ArgumentParser(
        prog="bankseg quarantine",
        description="Write the quarantined rows as CSV, to correct and deliver again.",
    ).parse_args(arguments)
    settings = load_settings()
    contract = load_contract(settings.contract)
    store = VersionStore(settings.published_dir)
    version = store.latest("quarantined_transactions")
    clean = store.versions("cleaned_transactions")
    rows = quarantined_rows(version, contract, kept=clean[-1] if clean else None)
    sys.stdout.buffer.write(corrections_csv(rows, contract))
    record_quarantined(settings.data_dir, len(rows), "written")
    print(
        f"{len(rows):,} quarantined rows of {version.name}, without those corrected since.",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
