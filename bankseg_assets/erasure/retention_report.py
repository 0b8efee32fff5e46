"""The report of a removal of old data: what was removed from each place, and by which limit."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bankseg_assets.erasure.journal import Place, Plan
from bankseg_assets.privacy.audit import AUDIT_FOLDER, Event, note
from bankseg_assets.privacy.tombstones import PRIVACY_FOLDER
from bankseg_assets.reports.html_page import render
from bankseg_assets.storage.atomic_file import atomic_file
from bankseg_assets.storage.documents import replace_json

RETAIN = "retain"
RETENTION_INTERRUPTED = "Not done: the removal was interrupted. The next one includes the copy"
REPORTS = "retention"
"""The folder of the reports in the privacy folder."""


def certify_retention(
    data_dir: Path,
    plan: Plan,
    *,
    finished_at: str,
    exports: Mapping[str, str],
    others: Sequence[Place] = (),
) -> Path:
    """Write the report as JSON and as a page, and an entry of the audit log; return the page.

    `others`: what was removed besides rows: versions, logs, entries of the audit log.
    """
    places = [*plan.places, *others]
    document = {
        "who": plan.who,
        "started_at": plan.started_at,
        "finished_at": finished_at,
        "kept_from": plan.kept_from,
        "places": [place.model_dump() for place in places],
        "exports": dict(exports),
        "notes": list(plan.notes),
    }
    name = f"retention-{plan.started_at.replace(':', '').replace('+0000', 'Z')}"
    page = data_dir / PRIVACY_FOLDER / REPORTS / f"{name}.html"
    replace_json(page.with_suffix(".json"), document)
    text = render(
        "retention.html.j2",
        **{name: value for name, value in document.items() if name not in ("places", "exports")},
        places=[
            {"place": one.name, "rows removed": one.rows, "files": one.files, "limit": one.note}
            for one in places
        ],
        copies=[{"URL": url, "result": done} for url, done in exports.items()],
    )
    with atomic_file(page) as file:
        file.write(text.encode())
    details: dict[str, str | int | float] = {
        "report": page.name,
        "rows": sum(place.rows for place in places),
        "files": sum(place.files for place in places),
    }
    if plan.kept_from:
        details["kept from"] = plan.kept_from
    note(data_dir / AUDIT_FOLDER, Event(RETAIN, why=plan.why, result="removed", details=details))
    return page
