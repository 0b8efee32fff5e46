"""What killed processes left behind, and texts such as logs, in which IDs are masked."""

import gzip
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pyarrow as pa

from bankseg_assets.campaigns.stored_campaigns import sweep_campaigns
from bankseg_assets.erasure.journal import DRAFT, Place
from bankseg_assets.erasure.journal import ERASING as STAGED
from bankseg_assets.erasure.search import DATABASES, Search
from bankseg_assets.landing.errors import DeliveryError
from bankseg_assets.landing.files import MAGIC_GZIP, MAGIC_PARQUET, MAGIC_ZIP
from bankseg_assets.landing.intake import ERASING
from bankseg_assets.landing.sheet_erasing import erase_rows_with
from bankseg_assets.release.remote_copy import ARRIVING
from bankseg_assets.runtime.scratch import remove_abandoned, remove_abandoned_temporary
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.atomic_file import atomic_file, sweep_all_drafts
from bankseg_assets.storage.parquet_filter import write_filtered
from bankseg_assets.storage.version_store import WRITERS_FILE, VersionStore

_OTHERS = {"raw", "raw_holdings", "landing", "holdings", "published", "dagster_home", "logs"}
"""Folders of the data folder whose files are rewritten in other ways."""
LISTS = (".csv", ".csv.gz", ".tsv", ".txt", ".xlsx", ".parquet")


def sweep(settings: Settings) -> None:
    """Remove drafts, scratch files and temporary files of processes that have ended.

    A run that was suspended loses its right to publish.
    """
    for draft in settings.data_dir.rglob(f"{DRAFT}*"):
        draft.unlink(missing_ok=True)
    sweep_campaigns(settings.data_dir)
    for raw_dir in (settings.raw_dir, settings.raw_holdings_dir):
        for drafts in raw_dir.glob(f"*/{ERASING}"):
            shutil.rmtree(drafts, ignore_errors=True)
    sweep_all_drafts(settings.data_dir)
    if settings.scratch_dir.is_dir():
        remove_abandoned(settings.scratch_dir)
    remove_abandoned_temporary()
    # A folder without writers has fetched releases; `fetch` refuses one with its own.
    if (settings.published_dir / WRITERS_FILE).exists():
        VersionStore(settings.published_dir).begin(f"erasure-{uuid4()}")
    if settings.published_dir.is_dir():
        shutil.rmtree(settings.published_dir / ARRIVING, ignore_errors=True)


def mask_logs(settings: Settings, search: Search) -> int:
    """Mask IDs in logs and alerts, in place: programs may have them open; return how many files."""
    changed = 0
    for path in _logs(settings):
        if not search.hits_in(path):
            continue
        content = path.read_bytes()
        if content.startswith(DATABASES):
            continue  # changed bytes would damage it; the search reports it
        masked = search.masked(content)
        if masked == content:
            continue  # compressed, or its name has the ID
        with path.open("r+b") as file:
            file.write(masked)
        changed += 1
    return changed


def shorten_lists(settings: Settings, search: Search) -> Place:
    """Remove the rows of customers from lists elsewhere below the data folder.

    Such as lists for campaigns, and files of objections. A file that cannot be rewritten stays: the
    search reports it.
    """
    files = lines = 0
    drafts = settings.privacy_dir / STAGED
    for path in sorted(settings.data_dir.rglob("*")):
        first = path.relative_to(settings.data_dir).parts[0]
        if first in _OTHERS or not path.name.lower().endswith(LISTS) or not path.is_file():
            continue
        if path.is_relative_to(drafts):
            continue
        if removed := _shorten(path, search, drafts):
            files, lines = files + 1, lines + removed
    return Place(name="lists and objections", files=files, rows=lines)


def _shorten(path: Path, search: Search, drafts: Path) -> int:
    """Rewrite a list without the customers; return the number of lines that were removed."""
    content = path.read_bytes()
    output = drafts / "list"
    by_column = search.has_short and not content.startswith((MAGIC_PARQUET, MAGIC_ZIP))
    if not by_column and not search.hits_in(path):
        return 0
    if content.startswith(MAGIC_PARQUET):
        try:
            removed = write_filtered(path, output, search.rows_with)
        except (OSError, pa.ArrowException):
            return 0
        shortened = output.read_bytes()
    elif content.startswith(MAGIC_ZIP):
        try:
            removed = erase_rows_with(path, output, search.is_in)
        except (DeliveryError, zipfile.BadZipFile):
            return 0
        shortened = output.read_bytes()
    elif content.startswith(MAGIC_GZIP):
        try:
            text, removed = search.lines_without(gzip.decompress(content))
        except (OSError, EOFError, zlib.error):
            return 0
        shortened = gzip.compress(text, mtime=0)
    else:
        shortened, removed = search.lines_without(content)
    if removed:
        with atomic_file(path) as file:
            file.write(shortened)
    return removed


def _logs(settings: Settings) -> Iterator[Path]:
    for folder in (settings.logs_dir, settings.dagster_home, settings.alerts_dir):
        if folder.is_dir():
            yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
