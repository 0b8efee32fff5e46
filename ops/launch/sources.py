"""Detect that the code or the settings have changed since a process loaded them."""

import hashlib
from pathlib import Path

from bankseg_assets import __file__ as package
from bankseg_assets.runtime.settings import Settings


def fingerprint(settings: Settings) -> str:
    """Return a SHA-256 of the settings and of the package's files: path, size, time of change."""
    digest = hashlib.sha256(repr(settings).encode())
    for path in sorted(Path(package).parent.rglob("*.py")):
        stat = path.stat()
        digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
