"""The key by which the platform's own programs are known to its Dagster server.

Users who can read it can read and change all of Dagster's storage anyway.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from bankseg_assets.storage.atomic_file import draft_in

HEADER = "X-Bankseg-Local-Key"
KEY_FILE = "local_programs.key"
_OWNER_ONLY = 0o600


def local_key(dagster_home: Path) -> str:
    """Return the key; empty if there is none, or if this user may not read it."""
    with suppress(OSError):
        return (dagster_home / KEY_FILE).read_text(encoding="ascii").strip()
    return ""


def make_local_key(dagster_home: Path) -> None:
    """Make a new key, readable by its owner alone. Raises OSError."""
    dagster_home.mkdir(parents=True, exist_ok=True)
    with draft_in(dagster_home) as draft:
        os.fchmod(draft.file.fileno(), _OWNER_ONLY)
        draft.file.write(secrets.token_hex(32).encode())
        draft.publish(dagster_home / KEY_FILE)
