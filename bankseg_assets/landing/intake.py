"""Ingest landed files: archive, parse and record each new content once."""

from dataclasses import dataclass, replace
from pathlib import Path

from bankseg_assets.contracts.delivery import DeliveryContract
from bankseg_assets.contracts.file_layout import MAX_FOOTER_LINES
from bankseg_assets.landing.archive import archive, sha256_of
from bankseg_assets.landing.binary_fractions import Rounded
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
from bankseg_assets.landing.scan import scan
from bankseg_assets.storage.atomic_file import sweep_drafts

RECORDS_FILE = "records.parquet"
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
    landing_dir: Path, raw_dir: Path, ledger: Ledger, contract: DeliveryContract, *, run_id: str
) -> list[Outcome]:
    """Archive and parse every complete file whose content is new to the ledger."""
    sweep_drafts(raw_dir)
    ignored = [
        Outcome(i.name, "ignored", i.reason, is_warning=True) for i in list_ignored(landing_dir)
    ]
    files = list_landing(landing_dir)
    return ignored + [_take(file, raw_dir, ledger, contract, run_id=run_id) for file in files]


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


def _take(
    file: LandedFile, raw_dir: Path, ledger: Ledger, contract: DeliveryContract, *, run_id: str
) -> Outcome:
    name = file.name
    known = {delivery.sha256: delivery for delivery in ledger.deliveries()}
    try:
        if not is_complete(file):
            return Outcome(name, "waiting", why_waiting(file), is_warning=True)
        sha256 = sha256_of(file.path)
        if file.is_still():
            ledger.remember_hash(name, file.size, file.modified_ns, sha256)
        before = known.get(sha256)
        if before and _is_settled(before, raw_dir, contract):
            return Outcome(name, "known", _known(before))
        delivery = Delivery(
            *(sha256, name, "accepted", ""),
            size_bytes=file.size,
            records=0,
            run_id=run_id,
            contract=contract.fingerprint,
        )
        return _take_new(file, delivery, raw_dir, ledger, contract)
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


def _take_new(
    file: LandedFile,
    delivery: Delivery,
    raw_dir: Path,
    ledger: Ledger,
    contract: DeliveryContract,
) -> Outcome:
    name = delivery.file_name
    try:
        archived = archive(file, raw_dir, lambda reader: scan(reader, contract, name))
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
    ledger.record(replace(delivery, records=parsed.records, reason=remarks))
    reading = reading_of(contract, archived.path)
    ledger.record_reading(delivery.sha256, reading, records=parsed.records, reason=remarks)
    detail = f"{parsed.records:,} records. {remarks}".strip()
    return Outcome(name, "accepted", detail, is_warning=is_warning)


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
