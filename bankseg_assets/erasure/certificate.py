"""The certificate of an erasure: what was removed from each place, by whom, and what stays."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bankseg_assets.erasure.journal import Plan
from bankseg_assets.reports.html_page import render
from bankseg_assets.storage.atomic_file import atomic_file
from bankseg_assets.storage.documents import replace_json

CERTIFICATES = "certificates"
STAYS = (
    "Totals and distributions without IDs in reports, profiles, releases and results of campaigns; "
    "those that people see are of at least 11 customers. So are the figures of every release in "
    "trend.jsonl, which stay when its versions are removed.",
    "Flows between segments (segment_migration), forecasts by history of days (customer_value) and "
    "counts of earlier batches, without IDs, until their versions are removed.",
    "The smallest and greatest amount, balance and age of a batch, without a name, in Dagster's "
    "records of runs.",
    "Parameters of the models, until the next refit: `make materialize REFIT=1`.",
    "A keyed hash of the customer's ID, so that the customer is not ingested again.",
    "Backups, snapshots of disks, and earlier versions of objects at URLs that keep them: erase "
    "the customer again after restoring one.",
    "Lists that were downloaded, exports that were not reached, and machines that fetched a "
    "release: inform their recipients, and run `bankseg forget` there.",
    "Databases (SQLite), reasons in the audit log, and goals of campaigns are searched, not "
    "changed: they hold counts, names of files, and what people typed.",
    "PostgreSQL, and logs outside of the data folder (containers, proxy, receivers of alerts), are "
    "not searched: no ID is written to them.",
    "What open pages and running programs have in memory, until they are closed.",
    "A file with the customer that arrives later and is refused stays as it is: erase the customer "
    "again, or remove the file.",
)


def write_certificate(
    privacy_dir: Path,
    plan: Plan,
    *,
    finished_at: str,
    exports: Mapping[str, str],
    remaining: Sequence[str],
) -> Path:
    """Write the certificate as JSON and as a page; return the page.

    `exports`: URL -> what was done there. `remaining`: files in which an ID is still found.
    """
    document: dict[str, Any] = {
        "who": plan.who,
        "started_at": plan.started_at,
        "finished_at": finished_at,
        "customers": list(plan.references),
        "places": [place.model_dump() for place in plan.places],
        "exports": dict(exports),
        "remaining": list(remaining),
        "notes": [
            *plan.notes,
            "Lists that were downloaded before, according to the audit log, and may hold the "
            f"customers: {plan.downloads:,}.",
        ],
        "what_stays": list(STAYS),
    }
    name = f"erasure-{plan.started_at.replace(':', '').replace('+0000', 'Z')}"
    folder = privacy_dir / CERTIFICATES
    page = folder / f"{name}.html"
    replace_json(folder / f"{name}.json", document)
    with atomic_file(page) as file:
        file.write(_page(document).encode())
    return page


def _page(document: Mapping[str, Any]) -> str:
    return render(
        "certificate.html.j2",
        **{name: value for name, value in document.items() if name not in ("places", "exports")},
        places=[
            {"place": one["name"], "rows removed": one["rows"], "files rewritten": one["files"]}
            for one in document["places"]
        ],
        copies=[{"URL": url, "result": done} for url, done in document["exports"].items()],
    )
