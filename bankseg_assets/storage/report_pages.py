"""Where the HTML pages of reports are: their file in a version, and their address in the UI."""

import re
from pathlib import Path

REPORT_FILE = "report.html"
REPORTS_PATH = "/reports"
"""Path on Dagster's web server (`ops.launch.report_pages`)."""

_NAME = re.compile(r"\w[\w.-]*")


def report_address(version: Path) -> str:
    """Return the address of a version's page, relative to the Dagster UI.

    >>> report_address(Path("published/eda_report/00000001-20260101T000000.000000Z-ab12cd34"))
    '/reports/eda_report/00000001-20260101T000000.000000Z-ab12cd34'
    """
    return f"{REPORTS_PATH}/{version.parent.name}/{version.name}"


def report_page(published_dir: Path, asset: str, version: str) -> Path | None:
    """Return the page of a version of a report; None if there is none, or no longer.

    >>> report_page(Path("published"), "..", "ledger")
    """
    if not (_NAME.fullmatch(asset) and _NAME.fullmatch(version)):
        return None
    page = published_dir / asset / version / REPORT_FILE
    return page if page.is_file() else None
