"""Which demo data are due; apart from the generator, which imports numpy."""

from pathlib import Path

from bankseg_assets.landing.files import list_landing
from bankseg_assets.landing.ledger import DEMO_FILE_PREFIX, DEMO_HOLDINGS_PREFIX, Ledger
from bankseg_assets.runtime.settings import Settings

FIRST, REST = (f"{DEMO_FILE_PREFIX}_{number}.csv" for number in (1, 2))
HOLDINGS = f"{DEMO_HOLDINGS_PREFIX}.csv"


def any_is_due(settings: Settings) -> bool:
    """Return whether demo data are due."""
    return first_is_due(settings) or rest_is_due(settings) or holdings_are_due(settings)


def first_is_due(settings: Settings) -> bool:
    """Return whether nothing was ever delivered."""
    places = (settings.landing_dir, settings.raw_dir, settings.published_dir)
    return not any(folder.is_dir() and any(folder.iterdir()) for folder in places)


def rest_is_due(settings: Settings) -> bool:
    """Return whether the first file is in the landing folder, and no other was delivered."""
    return _are_all(settings, {FIRST})


def holdings_are_due(settings: Settings) -> bool:
    """Return whether both files are in the landing folder, no other was delivered, no holdings."""
    if _landed(settings.holdings_dir) or _known(settings.holdings_ledger_path):
        return False
    return _are_all(settings, {FIRST, REST})


def _are_all(settings: Settings, files: set[str]) -> bool:
    """Return whether these files are in the landing folder, and no other was delivered."""
    return _landed(settings.landing_dir) == files and _known(settings.ledger_path) <= files


def _landed(folder: Path) -> set[str]:
    return {file.name for file in list_landing(folder)}


def _known(ledger: Path) -> set[str]:
    if not ledger.exists():  # opening it would create it
        return set()
    return {one.file_name for one in Ledger(ledger).deliveries()}
