"""The newest published data before the first release, for display in the app."""

from pathlib import Path

from bankseg_assets.contracts.delivery import ContractError, load_contract
from bankseg_assets.presentation.formatting import PLAIN
from bankseg_assets.release.releases import Release
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.version_store import DamagedVersionError, VersionStore, version_record

KIND = "not released yet"
# In the order of their creation; none needs segments.
ASSETS = ("cleaned_transactions", "quarantined_transactions", "rfm_table", "eda_report")


def unreleased(settings: Settings) -> Release | None:
    """Return the newest versions as an unnamed release; None if there are none.

    Only versions made from each other: a report of older rows would contradict them.
    """
    versions, run_id = _versions(settings.published_dir)
    if not versions:
        return None
    currency, number_format = _formats(settings.contract)
    return Release(
        name="",
        folder=settings.published_dir,
        kind=KIND,
        note="",
        created_at="",
        run_id=run_id,
        is_demo=False,
        versions=versions,
        model_sha256="",
        currency=currency,
        number_format=number_format,
    )


def _versions(published_dir: Path) -> tuple[dict[str, str], str]:
    """Return asset -> version, and the run that made the newest of them."""
    store = VersionStore(published_dir)
    found: dict[str, str] = {}
    made_from: dict[str, str] = {}
    run_id = ""
    for asset in ASSETS:
        for version in store.versions(asset)[-1:]:
            try:
                record = version_record(version)
            except DamagedVersionError:
                continue
            inputs = record.inputs
            if all(made_from.get(name, used) == used for name, used in inputs.items()):
                made_from |= inputs | {asset: version.name}
                found[asset], run_id = version.name, record.run_id
    return found, run_id


def _formats(contract: Path) -> tuple[str, str]:
    try:
        found = load_contract(contract)
    except ContractError:  # the batch reports what is wrong
        return "", PLAIN
    return found.currency, found.number_format
