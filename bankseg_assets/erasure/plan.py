"""Plan a removal of rows: write every file without them to the staging folder."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from bankseg_assets.campaigns.members import CAMPAIGN_MEMBERS
from bankseg_assets.campaigns.stored_campaigns import member_files
from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.erasure.journal import Place, Remainder, Replacement, Staging
from bankseg_assets.erasure.selection import Selection
from bankseg_assets.landing.archive import ORIGINAL_FILE, RECORDS_FILE, sha256_of
from bankseg_assets.landing.errors import FileChangedError
from bankseg_assets.landing.files import list_landing
from bankseg_assets.landing.ledger import Delivery, Ledger
from bankseg_assets.landing.parse import EXTRA_FILE
from bankseg_assets.landing.record_removal import without_records
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.documents import DOCUMENT_FILE, write_json
from bankseg_assets.storage.parquet_filter import count_rows, write_filtered
from bankseg_assets.storage.version_store import BASIS_FILE, VersionStore, version_basis

COUNTS = "transaction_counts"
INCREMENTAL = (
    *("cleaned_transactions", "quarantined_transactions", COUNTS, "rfm_table"),
    *("product_holdings", "quarantined_holdings"),
)
"""Assets that the next batch would update, from results that include the customers."""
_NO_COUNTS: dict[str, object] = {"cells": {}, "moments": {}}


@dataclass
class Planned:
    """The changes that were found so far."""

    replacements: list[Replacement] = field(default_factory=list)
    remainders: list[Remainder] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def places(self) -> tuple[Place, ...]:
        """The places with what is removed from each."""
        return tuple(
            Place(name=name, files=self.files[name], rows=self.rows[name])
            for name in sorted(self.files)
        )


class Planner:
    """Stages the files below a data folder without the selected rows."""

    def __init__(
        self,
        settings: Settings,
        contract: DeliveryContract,
        staging: Staging,
        selection: Selection,
    ) -> None:
        self._settings = settings
        self._contract = contract
        self._staging = staging
        self._selection = selection
        self._known: dict[tuple[int, int], tuple[Path, int] | None] = {}
        """Inode -> its staged file and removed rows; None if it has no selected row."""
        self.found = Planned()

    def plan(self) -> Planned:
        """Return everything to change in the archives, landing folders, versions and campaigns."""
        self.plan_deliveries()
        self._plan_versions()
        for file in member_files(self._settings.data_dir):
            self._plan_table(CAMPAIGN_MEMBERS.name, file)
        return self.found

    def plan_deliveries(self) -> Planned:
        """Return what to change in the archives and the landing folders."""
        settings = self._settings
        folders = (
            (settings.raw_dir, settings.ledger_path, settings.landing_dir, self._contract),
            (
                *(settings.raw_holdings_dir, settings.holdings_ledger_path, settings.holdings_dir),
                self._contract.of_holdings(),
            ),
        )
        for raw_dir, ledger_path, landing_dir, contract in folders:
            if ledger_path.exists():
                self._plan_archive(raw_dir, ledger_path, landing_dir, contract)
        return self.found

    def _plan_archive(
        self, raw_dir: Path, ledger_path: Path, landing_dir: Path, contract: DeliveryContract
    ) -> None:
        ledger = Ledger(ledger_path)
        originals: dict[str, Path | None] = {}
        for delivery in ledger.deliveries():
            folder = raw_dir / delivery.sha256
            if (folder / RECORDS_FILE).exists():
                original = self._plan_delivery(folder, ledger_path, delivery, contract)
                if original is not None:
                    originals |= original
            elif self._selection.has_rejected(folder / ORIGINAL_FILE, delivery):
                self._replace(f"{raw_dir.name} (rejected)", folder / ORIGINAL_FILE, None, 0)
            if delivery.sha256 not in originals and delivery.content_sha256:
                originals[delivery.sha256] = folder / ORIGINAL_FILE
        self._plan_unrecorded(raw_dir, {one.sha256 for one in ledger.deliveries()})
        self._plan_landed(landing_dir, ledger, originals)

    def _plan_unrecorded(self, raw_dir: Path, known: Collection[str]) -> None:
        """Remove files of the customers that a run archived and was killed before it recorded.

        The next run ingests them from the landing folder, unless they were removed from it.
        """
        for folder in sorted(raw_dir.iterdir()) if raw_dir.is_dir() else []:
            files = [folder / name for name in (ORIGINAL_FILE, RECORDS_FILE, EXTRA_FILE)]
            there = [path for path in files if path.is_file()]
            if folder.name in known or not self._selection.has_unrecorded(there):
                continue
            for path in there:
                self._replace(f"{raw_dir.name} (not recorded)", path, None, 0)

    def _plan_delivery(
        self, folder: Path, ledger_path: Path, delivery: Delivery, contract: DeliveryContract
    ) -> dict[str, Path | None] | None:
        """Stage the files of a delivery; return its SHA-256 -> the new original, if it changes."""
        place = folder.parent.name
        numbers = self._selection.numbers(folder, delivery, contract)
        if not len(numbers):
            return None
        output = self._staging.path()
        found = without_records(folder, output, contract, delivery.file_name, numbers)
        content = ""
        for name, staged in found.files.items():
            rows = found.rows if name == RECORDS_FILE else 0
            one = self._replace(place, folder / name, staged, rows)
            if name == ORIGINAL_FILE:
                content = one.sha256
        if found.files.get(ORIGINAL_FILE, folder) is None:
            self.found.notes.append(
                f"The original of {delivery.file_name} ({delivery.short}) does not fit the "
                "contract any more and was removed; its records are kept."
            )
        self.found.remainders.append(
            Remainder(
                ledger=ledger_path.name,
                sha256=delivery.sha256,
                content_sha256=content or delivery.archived_sha256,
                records=found.records,
            )
        )
        return {delivery.sha256: found.files.get(ORIGINAL_FILE)}

    def _plan_landed(
        self, landing_dir: Path, ledger: Ledger, originals: dict[str, Path | None]
    ) -> None:
        """Replace landed files by what is left of them."""
        delivered_as, known = ledger.delivered_as(), ledger.hashes()
        for file in list_landing(landing_dir):
            with suppress(OSError, FileChangedError):  # moved since the listing
                seen = (file.name, file.size, file.modified_ns)
                sha256 = known.get(seen) or sha256_of(file.path)
                delivery = delivered_as.get(sha256, sha256)
                if delivery not in originals:
                    continue
                original = originals[delivery]
                if original is not None and sha256_of(original) == sha256:
                    continue
                one = self._staging.replacement(self._settings.data_dir, file.path, None)
                if original is not None:
                    copy = self._staging.path()
                    copy.write_bytes(original.read_bytes())
                    one = self._staging.replacement(self._settings.data_dir, file.path, copy)
                self.found.replacements.append(one.model_copy(update={"is_copied": True}))
                self.found.files[landing_dir.name] += 1

    def _plan_versions(self) -> None:
        store = VersionStore(self._settings.published_dir)
        changed = any(self.found.rows.values())
        for asset in store.assets():
            for version in store.versions(asset):
                for file in sorted(version.rglob("[!.]*.parquet")):
                    changed |= self._plan_table(asset, file)
        if not changed:
            return
        for version in store.versions(COUNTS):
            self._stage_json(COUNTS, version / DOCUMENT_FILE, _NO_COUNTS)
        for asset in INCREMENTAL:
            for version in store.versions(asset):
                if basis := version_basis(version):
                    self._stage_json(asset, version / BASIS_FILE, outdated(asset, basis))

    def _plan_table(self, asset: str, file: Path) -> bool:
        """Stage a table without the selected rows; return whether it has any."""
        status = file.stat()
        inode = (status.st_dev, status.st_ino)
        if inode not in self._known:
            self._known[inode] = self._filtered(asset, file)
        found = self._known[inode]
        if found is None:
            return False
        staged, rows = found
        self._replace(asset, file, staged, rows)
        return True

    def _filtered(self, asset: str, file: Path) -> tuple[Path, int] | None:
        staged = self._staging.path()
        rows = self._write_without(asset, file, staged)
        return (staged, rows) if rows else None

    def shortened(self, asset: str, file: Path, output: Path) -> Path | None:
        """Write a table of an asset without the selected rows; None if it has none."""
        return output if self._write_without(asset, file, output) else None

    def _write_without(self, asset: str, file: Path, output: Path) -> int:
        """Write a table without the selected rows, if it has any; return the removed rows."""
        found = self._selection.rows(asset, pq.read_schema(file).names)
        if found is None:
            return 0
        rows, columns = found
        return write_filtered(file, output, rows) if count_rows(file, rows, columns) else 0

    def _stage_json(self, asset: str, target: Path, content: dict[str, object]) -> None:
        staged = self._staging.path()
        write_json(staged, content)
        self._replace(asset, target, staged, 0)

    def _replace(self, place: str, target: Path, staged: Path | None, rows: int) -> Replacement:
        status = target.stat()
        if staged is not None and rows:
            self._known[status.st_dev, status.st_ino] = (staged, rows)
        one = self._staging.replacement(self._settings.data_dir, target, staged)
        self.found.replacements.append(one)
        self.found.files[place] += 1
        self.found.rows[place] += rows
        return one


def outdated(asset: str, basis: dict[str, object]) -> dict[str, object]:
    """Return the basis of a result so that the next batch computes it again.

    The rules of rfm_table stay: if they differ, the models are fitted again.
    """
    found = {name: value for name, value in basis.items() if name != "files"}
    for name in ("rules", *(() if asset == "rfm_table" else ("fingerprint",))):
        if name in found:
            found[name] = ""
    return found


def is_outdated(basis: Mapping[str, object]) -> bool:
    """Return whether rows were removed from cleaned data since they were made."""
    return basis.get("fingerprint") == ""


def keys_of_customers(
    settings: Settings, ids: Collection[str], keys_of: Callable[[Path, Collection[str]], set[str]]
) -> set[str]:
    """Return the customer keys of the rows of these customers, in all kept versions."""
    versions = VersionStore(settings.published_dir).versions("cleaned_transactions")
    return {key for version in versions for key in keys_of(version, ids)}


def landed_unknown(landing_dir: Path, ledger: Ledger | None) -> Iterator[Path]:
    """Yield landed files that were not ingested, and so are not changed."""
    hashes: Iterable[str] = ()
    if ledger is not None:
        hashes = {one.sha256 for one in ledger.deliveries() if one.status != "rejected"}
        hashes |= ledger.delivered_as().keys()
    for file in list_landing(landing_dir):
        with suppress(OSError, FileChangedError):
            if sha256_of(file.path) not in hashes:
                yield file.path
