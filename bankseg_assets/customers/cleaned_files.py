"""Which files of cleaned transactions a result was computed from, and which changed since.

Parts of the transactions are linked from version to version, so an additive result is updated by
the files that arrived and those that are gone.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bankseg_assets.storage.version_store import (
    DamagedVersionError,
    verify,
    version_basis,
    version_record,
)

CLEANED = "cleaned_transactions"


class FullRecomputeError(LookupError):
    """A result cannot be updated incrementally; the message says why."""


@dataclass(frozen=True)
class ChangedFiles:
    """Files of cleaned transactions that a result lacks, and that it contains wrongly."""

    arrived: tuple[Path, ...]
    gone: tuple[Path, ...]


def files_basis(cleaned: Path) -> dict[str, Any]:
    """Return the rules of a version of cleaned_transactions, and its files: SHA-256 -> name."""
    return {"rows_by": _rules_of(cleaned), "files": _files(cleaned)}


def changed_files(result: Path, cleaned: Path) -> ChangedFiles:
    """Compare the files of cleaned transactions with those that a version was computed from.

    The version has `files_basis` in its basis. Raises FullRecomputeError.
    """
    found = version_basis(result)
    if "files" not in found or found.get("rows_by") != _rules_of(cleaned):
        # Rows may have the same file and number, but different values.
        raise FullRecomputeError("The contract or the cleaning rules have changed.")
    then, now = found["files"], _files(cleaned)
    arrived = tuple(cleaned / now[sha256] for sha256 in sorted(now.keys() - then.keys()))
    gone = tuple(_old_file(result, then[sha256]) for sha256 in sorted(then.keys() - now.keys()))
    try:
        verify(result)
    except DamagedVersionError as error:
        raise FullRecomputeError(str(error)) from error
    return ChangedFiles(arrived, gone)


def _rules_of(cleaned: Path) -> str:
    """Return the contract and rules that cleaned the transactions; empty if unknown."""
    return str(version_basis(cleaned).get("fingerprint", ""))


def _files(cleaned: Path) -> dict[str, str]:
    files = version_record(cleaned).files
    return {sha256: name for name, (_, sha256) in files.items() if name.endswith(".parquet")}


def _old_file(result: Path, name: str) -> Path:
    """Return an input file of an earlier result. Raises FullRecomputeError."""
    version = version_record(result).inputs.get(CLEANED, "")
    path = result.parent.parent / CLEANED / version / name
    if not version or not path.is_file():
        raise FullRecomputeError(
            f"Transactions were removed, and {path}, which holds them, is missing."
        )
    return path
