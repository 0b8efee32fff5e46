"""The content of a landing folder: hashes of its complete files, and one version for all of it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from bankseg_assets.landing.archive import sha256_of
from bankseg_assets.landing.files import list_landing
from bankseg_assets.landing.ledger import WITHDRAWN, Delivery, Ledger, content_hash


@dataclass(frozen=True)
class LandedContent:
    """The SHA-256 of the complete files, and a note on each other file."""

    sha256s: frozenset[str]
    waiting: tuple[str, ...] = ()


def landed_content(folder: Path, ledger: Ledger, *, at_most: int | None = None) -> LandedContent:
    """Return the content of a landing folder.

    The ledger caches each hash, so an old file is not read again, and the next call continues where
    one was interrupted. `at_most`: bytes that are read in one call. A file larger than that has a
    placeholder hash of its name, size and time: it starts the run, which hashes the file and
    records it in the ledger.
    """
    known, delivered_as = ledger.hashes(), ledger.delivered_as()
    hashes, waiting = set(), []
    left = at_most
    for file in list_landing(folder):
        name = file.name
        seen = (name, file.size, file.modified_ns)
        try:
            if seen in known:
                hashes.add(known[seen])
            elif file.may_still_grow:
                waiting.append(f"{name} (still being written)")
            elif at_most is not None and file.size > at_most:
                hashes.add(content_hash(map(str, seen)))
            elif left is not None and file.size > left:
                waiting.append(f"{name} (read at the next tick)")
            else:
                left = None if left is None else left - file.size
                hashes.add(sha256 := sha256_of(file.path))
                if file.is_still():
                    ledger.remember_hash(*seen, sha256)
        except OSError as error:  # moved since the listing, or not readable
            waiting.append(f"{name} ({error.strerror})")
    return LandedContent(
        frozenset(delivered_as.get(sha256, sha256) for sha256 in hashes), tuple(waiting)
    )


def content_seen(deliveries: Iterable[Delivery], landed: Collection[str]) -> list[str]:
    """Return all content that was ever delivered, and a mark for each withdrawal.

    Ingesting a file does not change it; a new file and a withdrawal do. The content of the table
    is another one: it changes, too, when the bank's first file replaces the demo data.
    """
    known = list(deliveries)
    withdrawn = (f"withdrawn {one.sha256}" for one in known if one.status == WITHDRAWN)
    return sorted({*(one.sha256 for one in known), *landed, *withdrawn})
