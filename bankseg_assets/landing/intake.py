"""Ingest landed files: archive, parse and record each new content once."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.file_layout import MAX_FOOTER_LINES
from bankseg_assets.landing.archive import ORIGINAL_FILE, RECORDS_FILE, Archived, archive, sha256_of
from bankseg_assets.landing.binary_fractions import Rounded
from bankseg_assets.landing.customer_rows import shorten
from bankseg_assets.landing.errors import DeliveryError, FileChangedError
from bankseg_assets.landing.files import (
    STALLED_AFTER_SECONDS,
    LandedFile,
    has_its_end,
    is_complete,
    list_ignored,
    list_landing,
    printable,
)
from bankseg_assets.landing.header import quoted_names
from bankseg_assets.landing.ledger import WITHDRAWN, Delivery, Ledger, current_content
from bankseg_assets.landing.parse import Parsed, write_records
from bankseg_assets.landing.reading import reading_of
from bankseg_assets.landing.row_filters import LEFT_OUT
from bankseg_assets.landing.scan import CsvScan, scan
from bankseg_assets.privacy.customer_ids import IsOne
from bankseg_assets.storage.atomic_file import atomic_file, sweep_drafts
from bankseg_assets.storage.fsync import sync_file, sync_folder

ERASING = ".erasing"
"""Folder of a delivery for its files without erased customers, until they replace the others."""

CUT_OFF = "it may be cut off"


class NothingDeliveredError(RuntimeError):
    """There is no accepted file to build a table from; the message says where to put one."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of ingesting one landed file, for display."""

    file_name: str
    outcome: str
    detail: str
    is_warning: bool = False


def take_landed(
    landing_dir: Path,
    raw_dir: Path,
    ledger: Ledger,
    contract: DeliveryContract,
    *,
    run_id: str,
    is_erased: IsOne | None = None,
) -> list[Outcome]:
    """Archive and parse every complete file whose content is new to the ledger.

    `is_erased`: whether a customer was erased. Rows of such customers are removed, also from the
    file in the landing folder.
    """
    sweep_drafts(raw_dir)
    for drafts in raw_dir.glob(f"*/{ERASING}"):
        shutil.rmtree(drafts, ignore_errors=True)
    ignored = [
        Outcome(i.name, "ignored", i.reason, is_warning=True) for i in list_ignored(landing_dir)
    ]
    files = list_landing(landing_dir)
    taking = _Taking(raw_dir, ledger, contract, run_id, is_erased)
    return ignored + [_take(file, taking) for file in files]


def current_files(raw_dir: Path, ledger: Ledger, landing_dir: Path) -> dict[str, Path]:
    """Return SHA-256 -> Parquet file of the contents that make up the current table.

    Raises NothingDeliveredError when there is none.
    """
    deliveries = ledger.deliveries()
    current = current_content(deliveries)
    if not current:
        rejected = "; ".join(d.reason for d in deliveries if d.status == "rejected")
        waiting = " ".join(
            f"{file.name}: {why_waiting(file)}"
            for file in list_landing(landing_dir)
            if file.may_still_grow
        )
        raise NothingDeliveredError(
            "No transaction file was accepted. Put a CSV, CSV.gz, Parquet or XLSX into "
            f"{landing_dir}"
            + (f". Rejected so far: {rejected}" if rejected else ", or run `make demo-data`.")
            + (f" Waiting: {waiting}" if waiting else "")
        )
    return {d.sha256: raw_dir / d.sha256 / RECORDS_FILE for d in current}


@dataclass(frozen=True)
class _Taking:
    """What files are ingested with."""

    raw_dir: Path
    ledger: Ledger
    contract: DeliveryContract
    run_id: str
    is_erased: IsOne | None


def _take(file: LandedFile, taking: _Taking) -> Outcome:
    name, ledger, contract = file.name, taking.ledger, taking.contract
    known = {delivery.sha256: delivery for delivery in ledger.deliveries()}
    try:
        if not is_complete(file):
            return Outcome(name, "waiting", why_waiting(file), is_warning=True)
        sha256 = sha256_of(file.path)
        if file.is_still():
            ledger.remember_hash(name, file.size, file.modified_ns, sha256)
        before = known.get(ledger.delivered_as().get(sha256, sha256))
        if before and _is_settled(before, taking.raw_dir, contract):
            if before.archived_sha256 != sha256:
                _replace_landed(file, taking.raw_dir / before.sha256 / ORIGINAL_FILE)
            return Outcome(name, "known", _known(before))
        delivery = Delivery(
            *(sha256, name, "accepted", ""),
            size_bytes=file.size,
            records=0,
            run_id=taking.run_id,
            contract=contract.fingerprint,
        )
        return _take_new(file, delivery, taking)
    except OSError as error:  # the machine failed or the file changed: nothing is recorded
        cause = error.strerror or "a read failed"
        detail = f"Could not be ingested now: {cause}. The next run tries again."
        return Outcome(name, "waiting", detail, is_warning=True)


def why_waiting(file: LandedFile) -> str:
    """Return why a file is not complete, and what completes it. Raises OSError."""
    if has_its_end(file.path):
        return "Still being written; the next run ingests it."
    minutes = STALLED_AFTER_SECONDS / 60
    return (
        "It may be incomplete: it has no end marker (in text, a line end). It is "
        f"ingested once it is unchanged for {minutes:.0f} minutes, or immediately with an empty "
        f"file {printable(file.name)}.done next to it."
    )


def _take_new(file: LandedFile, delivery: Delivery, taking: _Taking) -> Outcome:
    name, ledger, contract = delivery.file_name, taking.ledger, taking.contract
    try:
        archived = archive(file, taking.raw_dir, lambda reader: scan(reader, contract, name))
        if archived.sha256 != delivery.sha256:
            raise FileChangedError
        parsed = write_records(
            archived.path,
            contract,
            archived.finding,
            file_name=name,
            sha256=delivery.sha256,
            output=archived.path.with_name(RECORDS_FILE),
        )
    except DeliveryError as error:
        if not file.is_still():
            raise FileChangedError from error
        ledger.record(replace(delivery, status="rejected", reason=str(error)))
        return Outcome(name, "rejected", str(error), is_warning=True)
    if file.has_done_marker:
        parsed = replace(parsed, may_be_cut_off=False)
    remarks, is_warning = findings(parsed, contract)
    reading = reading_of(contract, archived.path)
    erased = _erase(archived, delivery, taking)
    records = parsed.records - erased
    ledger.record(replace(delivery, records=records, reason=remarks))
    ledger.record_reading(delivery.sha256, reading, records=records, reason=remarks)
    if erased:
        _replace_landed(file, archived.path)
        remarks = f"Rows of erased customers were removed: {erased:,}. {remarks}".strip()
    detail = f"{records:,} records. {remarks}".strip()
    return Outcome(name, "accepted", detail, is_warning=is_warning)


def _erase(archived: Archived[CsvScan | None], delivery: Delivery, taking: _Taking) -> int:
    """Remove the rows of erased customers from the archive; return how many."""
    if taking.is_erased is None:
        return 0
    folder = archived.path.parent
    with _drafts_in(folder) as drafts:
        shortened = shorten(folder, drafts, taking.contract, delivery.file_name, taking.is_erased)
        if shortened is None:
            return 0
        for file_name, new in shortened.files.items():
            if new is None:
                (folder / file_name).unlink()
                continue
            sync_file(new)
            new.replace(folder / file_name)
        sync_folder(folder)
    if archived.path.exists():
        content = sha256_of(archived.path)
        taking.ledger.record_erasure(delivery.sha256, content, shortened.records)
    return shortened.rows


@contextmanager
def _drafts_in(folder: Path) -> Iterator[Path]:
    """Yield a folder for new files of a delivery; what a killed run has left there is removed."""
    drafts = folder / ERASING
    shutil.rmtree(drafts, ignore_errors=True)
    try:
        yield drafts
    finally:
        shutil.rmtree(drafts, ignore_errors=True)


def _replace_landed(file: LandedFile, original: Path) -> None:
    """Replace a landed file by what is left of it, which the archive has."""
    if not file.is_still():
        return  # the sender has replaced it meanwhile
    if not original.exists():
        file.path.unlink()
        return
    with original.open("rb") as source, atomic_file(file.path) as target:
        shutil.copyfileobj(source, target)


def findings(parsed: Parsed, contract: DeliveryContract) -> tuple[str, bool]:
    """Return remarks on a file besides its records, and whether they need attention."""
    warning = _warning(parsed, contract)
    return f"{_left_out(parsed)} {warning}".strip(), bool(warning)


def _is_settled(before: Delivery, raw_dir: Path, contract: DeliveryContract) -> bool:
    """Whether nothing is left to do: records exist, or this contract refused them."""
    if before.status == WITHDRAWN:
        return True  # a copy in the landing folder does not restore it
    if before.status == "rejected":
        return before.contract == contract.fingerprint
    return (raw_dir / before.sha256 / RECORDS_FILE).exists()


def _known(before: Delivery) -> str:
    when = before.withdrawn_at or before.taken_at
    message = (
        f"The same content was {before.status} as {before.file_name} at {when}. {before.reason}"
    )
    if before.status == WITHDRAWN:
        message += f" `bankseg withdraw --undo {before.short}` accepts it again."
    return message.strip()


def _left_out(parsed: Parsed) -> str:
    """Return which lines are not part of any record."""
    counts = parsed.lines_left_out
    rows = [
        f"{number:,} {'row' if number == 1 else 'rows'} {kind}"
        for kind, number in counts.items()
        if kind.startswith(LEFT_OUT)
    ]
    lines = [
        f"{number:,} {'line' if number == 1 else 'lines'} {kind}"
        for kind, number in counts.items()
        if not kind.startswith(LEFT_OUT)
    ]
    remarks = [f"Skipped, because they are not records: {', '.join(lines)}."] if lines else []
    return " ".join(remarks + ([f"Not read: {', '.join(rows)}."] if rows else []))


def _warning(parsed: Parsed, contract: DeliveryContract) -> str:
    """Return what was not read as a transaction."""
    remarks = []
    if parsed.may_be_cut_off:
        remarks.append(
            f"Record {parsed.records + 1:,} is the last and has no line end: {CUT_OFF}. "
            "Compare it with what was sent. A line end, or an empty file of the same name plus "
            ".done, marks the file as complete."
        )
    if parsed.malformed:
        remarks.append(f"{parsed.malformed:,} of them do not have the header's number of fields.")
    if 0 < parsed.malformed_at_end <= MAX_FOOTER_LINES and parsed.malformed_at_end < parsed.records:
        lines = contract.layout.footer_lines + parsed.malformed_at_end
        remarks.append(
            f"They include the last {parsed.malformed_at_end}: if that is a footer, set "
            f"`footer_lines = {lines}` under {contract.layout_table} in the contract."
        )
    if parsed.extra_columns:
        names = quoted_names(parsed.extra_columns)
        remarks.append(f"Archived only, because the contract does not name them: columns {names}.")
    if parsed.left_out:
        names = quoted_names(parsed.left_out)
        remarks.append(
            "Not read, because the contract does not name them and they hold bytes, lists or "
            f"structures, or pages that are too large: columns {names}."
        )
    if parsed.other_sheets:
        names = quoted_names(parsed.other_sheets)
        remarks.append(
            f"Other sheets of the file are not read: {names}. If one of them has the records, set "
            f"`sheet` under {contract.layout_table} in the contract."
        )
    remarks += [_rounded(one, contract.decimals) for one in parsed.rounded]
    return " ".join(remarks)


def _rounded(found: Rounded, decimals: int) -> str:
    reasons = {
        "for the imprecision of doubles": found.noise,
        "because they have more decimals": found.decimals,
    }
    counts = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items() if count)
    count = found.noise + found.decimals
    values, are = ("value", "is") if count == 1 else ("values", "are")
    return (
        f"{count:,} {values} of the column {printable(found.column)!r} {are} "
        f"rounded to {decimals} decimal{'s' * (decimals != 1)}: {counts}. "
        "Amounts of a decimal type need no rounding."
    )
