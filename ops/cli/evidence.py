"""Write the evidence of a release for auditors and validators: `bankseg evidence [FILE.zip]`.

One archive: model card, data accounting, gates, monitoring, audit log, lineage, contract, versions,
hashes, packages. Open `index.html` in it. Exit code 1 if something is not as it was recorded.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bankseg_assets.contracts.delivery import ContractError
from bankseg_assets.privacy.audit import Event, note
from bankseg_assets.release.releases import Release, ReleaseError, all_releases
from bankseg_assets.runtime.settings import Settings, SettingsError, called_from, load_settings
from bankseg_assets.storage.version_store import DamagedVersionError
from ops.exit_codes import FAILED, reports

DUTIES = Path(__file__).parents[2] / "docs" / "explanation" / "duties.md"


@reports(SettingsError, ContractError, ReleaseError, DamagedVersionError, OSError)
def main(arguments: Sequence[str] | None = None) -> int:
    """Write the archive; return the exit code."""
    options = _parser().parse_args(arguments)
    # Importing pyarrow takes a second; the help must not wait for it.
    from bankseg_assets.evidence.pack import write_pack

    settings = load_settings()
    release = _release(settings, options.release)
    output = called_from() / (options.file or f"bankseg-evidence-{release.number}.zip")
    packed = write_pack(settings, release, output, _more_files())
    details: dict[str, str | int | float] = {"sha256": packed.sha256, "files": packed.files}
    note(settings.audit_dir, Event("evidence", on=release.name, result="written", details=details))
    print(f"{packed.path}: {packed.files} files, SHA-256 {packed.sha256}")
    for fault in packed.faults:
        print(f"Not as recorded: {fault}", file=sys.stderr)
    return FAILED if packed.faults else 0


def _release(settings: Settings, name: str) -> Release:
    """Return the release in use, or the kept one whose name begins so."""
    found = [one for one in all_releases(settings.published_dir) if one.name.startswith(name)]
    if not found or (name and len(found) > 1):
        known = ", ".join(one.name for one in all_releases(settings.published_dir)) or "none"
        raise ReleaseError(
            f"{len(found)} releases are named {name or '...'!r}; available: {known}."
        )
    return found[-1]


def _more_files() -> dict[str, tuple[str, bytes]]:
    """Return what is beside the data folder: the packages and the page of duties."""
    from ops.dev.sbom import document, licences_page, locked_packages

    packages = locked_packages()
    sbom = json.dumps(document(packages), indent=1, ensure_ascii=False)
    found = {
        "sbom.cdx.json": ("Packages, as CycloneDX", f"{sbom}\n".encode()),
        "licences.md": ("Licences of the packages", licences_page(packages).encode()),
    }
    if DUTIES.exists():
        found["duties.md"] = ("Duties, controls and their tests", DUTIES.read_bytes())
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bankseg evidence", description="Write the evidence of a release as one archive."
    )
    parser.add_argument("file", nargs="?", default="", help="the archive; bankseg-evidence-N.zip")
    parser.add_argument("--release", default="", metavar="NAME", help="a kept release, by its name")
    return parser


if __name__ == "__main__":
    sys.exit(main())
