"""Write the evidence pack: one ZIP archive with an index page, readable offline.

It holds figures of files, groups and models, never rows of customers.
"""

import csv
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bankseg_assets.contracts.delivery import load_contract
from bankseg_assets.evidence import monitoring
from bankseg_assets.evidence.accounting import accounting
from bankseg_assets.evidence.lineage import events, versions_beside
from bankseg_assets.landing.ledger import Ledger
from bankseg_assets.lookup.forecasts import VALUE_MODEL
from bankseg_assets.presentation.formatting import minute
from bankseg_assets.privacy.audit import HEAD_FILE, AuditLog
from bankseg_assets.release.releases import RELEASE, Release, all_releases
from bankseg_assets.reports.html_page import render
from bankseg_assets.runtime.settings import Settings
from bankseg_assets.storage.atomic_file import atomic_file
from bankseg_assets.storage.documents import DOCUMENT_FILE, read_document
from bankseg_assets.storage.version_store import DamagedVersionError, damages, version_record

INDEX = "index.html"
MANIFEST = "manifest.json"
REPORT_FILE = "report.html"
INCLUDED = {
    "published/approval_decisions.json": "Approvals of models",
    "published/segment_names.json": "Names of segments that the bank has given",
    "campaigns/*/campaign.json": "Campaigns: audience, days, plan; without customers",
    "privacy/certificates/*.*": "Certificates of erasure",
    "privacy/retention/*.*": "Reports of data removed for their age",
}
"""Pattern of files in the data folder that are included, if there are any -> title."""
_EARLIEST = (1980, 1, 1, 0, 0, 0)
_NEWEST_ENTRIES = 50
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_MEASURED = (
    *("version", "made_at", "fitted_at", "f1_macro", "silhouette", "n_segments"),
    *("smallest_share", "warned", "refused_but_forced"),
)
"""Of a release, on the index page; monitoring.json has the others."""
_CSV = (
    *("file", "sha256", "status", "delivered_at", "records", "in_this_release"),
    *("rows_in", "rows_clean", "rows_quarantined", "rows_duplicate", "adds_up"),
)


@dataclass(frozen=True)
class Packed:
    """An archive that was written."""

    path: Path
    sha256: str
    files: int
    faults: tuple[str, ...]
    """What is not as it should be, such as a broken chain of the audit log."""


def write_pack(
    settings: Settings,
    release: Release,
    output: Path,
    extra: Mapping[str, tuple[str, bytes]] | None = None,
) -> Packed:
    """Write the evidence of a release; `extra`: name -> (title, content) of more files.

    Raises DamagedVersionError and OSError.
    """
    content = _content(settings, release)
    files = {name: body for name, (_, body) in content.items()}
    titles = {name: title for name, (title, _) in content.items()}
    for name, (title, body) in (extra or {}).items():
        files[name], titles[name] = body, title
    log = AuditLog(settings.audit_dir)
    faults = [*_damaged(release), *(filter(None, [log.fault()]))]
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    files[INDEX] = _index(settings, release, titles, faults, made_at).encode()
    files[MANIFEST] = _json(
        {
            "release": release.name,
            "made_at": made_at,
            "audit_head": dict(zip(("number", "hash"), log.head, strict=True)),
            "files": {name: hashlib.sha256(body).hexdigest() for name, body in files.items()},
        }
    )
    with atomic_file(output) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files, key=lambda one: (one != INDEX, one)):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    sha256 = hashlib.sha256(output.read_bytes()).hexdigest()
    return Packed(output, sha256, len(files), tuple(faults))


def _content(settings: Settings, release: Release) -> dict[str, tuple[str, bytes]]:
    """Return name -> (title, content) of the files, in the order of the index."""
    deliveries = Ledger(settings.ledger_path).deliveries() if settings.ledger_path.exists() else []
    accounts = accounting(release, deliveries)
    releases = all_releases(settings.published_dir)
    found: dict[str, tuple[str, bytes]] = {}
    for asset, title in (("model_card", "Model card"), ("eda_report", "Figures of the data")):
        if asset not in release.versions:
            continue
        folder = release.path(asset)
        if asset == "model_card" and (folder / REPORT_FILE).exists():
            found[f"{asset}.html"] = (title, (folder / REPORT_FILE).read_bytes())
        found[f"{asset}.json"] = (f"{title}, as JSON", (folder / DOCUMENT_FILE).read_bytes())
    if VALUE_MODEL in release.versions:
        tested = monitoring.forecasts(read_document(release.path(VALUE_MODEL)))
        found["forecasts.json"] = ("Forecasts of customers, and their test", _json(tested))
    found |= {
        "gates.json": ("Gates of the release, with limits", _json(monitoring.gates(release))),
        "monitoring.json": (
            "Monitoring plan, and what was measured",
            _json({"plan": monitoring.PLAN, "measured": monitoring.measured(releases)}),
        ),
        "data_accounting.json": ("Data accounting by delivered file", _json(accounts)),
        "data_accounting.csv": ("The same as CSV", _csv(accounts)),
        "contract.toml": ("Contract of the delivered files", settings.contract.read_bytes()),
        "versions.json": ("Versions of all assets, with hashes", _json(_versions(release))),
        "release.json": ("The release", _json(_without_distributions(release))),
        "lineage.json": ("Lineage, as OpenLineage events", _json(events(release))),
    }
    for asset, version in versions_beside(release).items():
        document = release.folder / asset / version / DOCUMENT_FILE
        if document.exists():
            title = f"{asset.replace('_', ' ').capitalize()}, the newest, as JSON"
            found[f"{asset}.json"] = (title, document.read_bytes())
    for path in [*sorted(settings.audit_dir.glob("*.jsonl")), settings.audit_dir / HEAD_FILE]:
        if path.exists():
            found[f"audit/{path.name}"] = ("Audit log with its chain of hashes", path.read_bytes())
    for pattern, title in INCLUDED.items():
        for path in sorted(settings.data_dir.glob(pattern)):
            place = path.relative_to(settings.data_dir).as_posix()
            found[place] = (title, path.read_bytes())
    return found


def _versions(release: Release) -> dict[str, Any]:
    named = {**release.versions, RELEASE: release.name}
    return {
        asset: {"version": name}
        | version_record(release.folder / asset / name).model_dump(mode="json")
        for asset, name in sorted(named.items())
    }


def _damaged(release: Release) -> list[str]:
    """Return a sentence for each file that differs from what was recorded."""
    found: list[str] = []
    for asset in sorted(release.versions):
        try:
            found += damages(release.path(asset)).values()
        except DamagedVersionError as error:
            found.append(str(error))
    return found


def _without_distributions(release: Release) -> dict[str, Any]:
    """Return the document of a release; cells of its distributions may be of few customers."""
    document = release.model_dump(mode="json", exclude={"distributions": True, "folder": True})
    if document.get("model"):
        document["model"].pop("distributions", None)
    return document


def _index(
    settings: Settings,
    release: Release,
    titles: Mapping[str, str],
    faults: Sequence[str],
    made_at: str,
) -> str:
    entries = list(AuditLog(settings.audit_dir).entries())
    columns = ("number", "at", "who", "what", "on", "why", "result")
    return render(
        "evidence.html.j2",
        release=release,
        made_at=made_at,
        contract=load_contract(settings.contract).fingerprint,
        faults=faults,
        files=[{"file": name, "contents": title} for name, title in titles.items()],
        gates=[
            {"gate": one.name.replace("_", " "), "verdict": one.verdict, "result": one.sentence}
            for one in release.gates
        ],
        plan=list(monitoring.PLAN),
        measured=[
            {name: _in_words(row[name]) for name in _MEASURED}
            for row in monitoring.measured(all_releases(settings.published_dir))
        ],
        entries=[
            {name: _in_words(entry.get(name, "")) for name in columns}
            for entry in entries[-_NEWEST_ENTRIES:]
        ],
        n_entries=len(entries),
    )


def _in_words(value: object) -> object:
    """Return a value of a table: times to the minute, lists as text."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, str) and _TIME.match(value):
        return minute(value)
    return value


def _csv(accounts: Sequence[Mapping[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, _CSV, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(accounts)
    return text.getvalue().encode()


def _json(value: object) -> bytes:
    return f"{json.dumps(value, indent=1, ensure_ascii=False)}\n".encode()
