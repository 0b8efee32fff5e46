"""Whether demo data are due; apart from the generator, which imports numpy."""

from bankseg_assets.landing.files import list_landing
from bankseg_assets.landing.ledger import DEMO_FILE_PREFIX, Ledger
from bankseg_assets.runtime.settings import Settings

FIRST, REST = (f"{DEMO_FILE_PREFIX}_{number}.csv" for number in (1, 2))


def first_is_due(settings: Settings) -> bool:
    """Return whether nothing was ever delivered."""
    places = (settings.landing_dir, settings.raw_dir, settings.published_dir)
    return not any(folder.is_dir() and any(folder.iterdir()) for folder in places)


def rest_is_due(settings: Settings) -> bool:
    """Return whether the first delivery is in the landing folder, and only it was delivered."""
    landed = {file.name for file in list_landing(settings.landing_dir)}
    known = set()
    if settings.ledger_path.exists():
        known = {one.file_name for one in Ledger(settings.ledger_path).deliveries()}
    return FIRST in landed and landed | known == {FIRST}
