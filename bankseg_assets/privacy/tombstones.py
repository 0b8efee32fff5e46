"""Tombstones: keyed hashes of the IDs of erased customers, whose rows are never ingested again.

A plain hash of a customer number is found by trying all numbers. The key is random, readable by
its owner alone, and never leaves the data folder.
"""

import hmac
import json
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from bankseg_assets.privacy.customer_ids import IsOne
from bankseg_assets.storage.atomic_file import draft_in

PRIVACY_FOLDER = "privacy"
"""The folder of key and tombstones in the data folder."""
KEY_FILE = "customer_ids.key"
TOMBSTONES_FILE = "tombstones.json"
KEY_BYTES = 32
SHOWN_DIGITS = 16  # of a digest in the audit log: no two customers of a bank share them
_OWNER_ONLY = 0o600


class TombstoneError(RuntimeError):
    """The key of the tombstones is missing; the message says what to do."""


class Tombstones:
    """The digests of the erased IDs in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def digests(self) -> frozenset[str]:
        """Return the HMAC-SHA256 of each erased ID, as hexadecimal digits."""
        try:
            found = json.loads((self._folder / TOMBSTONES_FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return frozenset()
        return frozenset(found["erased"])

    def add(self, ids: Iterable[str]) -> None:
        """Record normalised IDs as erased; creates the key if there is none yet."""
        digests = self.digests() | {self.digest(text) for text in ids}
        content = json.dumps({"erased": sorted(digests)}, indent=1)
        _write_private(self._folder / TOMBSTONES_FILE, f"{content}\n".encode())

    def matcher(self) -> IsOne | None:
        """Return a function of a normalised ID: whether it was erased. None if no one was.

        Raises TombstoneError without the key.
        """
        digests = self.digests()
        if not digests:
            return None
        key = self._key()
        return lambda text: hmac.digest(key, text.encode(), "sha256").hex() in digests

    def digest(self, text: str) -> str:
        """Return the digest of a normalised ID. Raises TombstoneError without the key."""
        return hmac.digest(self._key(), text.encode(), "sha256").hex()

    def reference(self, text: str) -> str:
        """Return how the audit log and certificates name a customer: the start of the digest."""
        return self.digest(text)[:SHOWN_DIGITS]

    def without_ids(self, text: str, ids: Iterable[str]) -> str:
        """Return a text, such as a reason, with references in place of whole IDs."""
        for one in sorted(ids, key=len, reverse=True):
            whole = rf"(?<![0-9A-Za-z]){re.escape(one)}(?![0-9A-Za-z])"
            text = re.sub(whole, self.reference(one), text)
        return text

    def _key(self) -> bytes:
        path = self._folder / KEY_FILE
        try:
            return bytes.fromhex(path.read_text(encoding="ascii"))
        except FileNotFoundError:
            if self.digests():
                raise TombstoneError(
                    f"{path} is missing: without it, erased customers cannot be recognised in new "
                    "files, and nothing is ingested. Restore it from a backup."
                ) from None
        key = secrets.token_bytes(KEY_BYTES)
        _write_private(path, key.hex().encode())
        return key


def _write_private(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with draft_in(path.parent) as draft:
        os.fchmod(draft.file.fileno(), _OWNER_ONLY)
        draft.file.write(content)
        draft.publish(path)
